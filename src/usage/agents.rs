//! The most frequent user agents of a row.

/// The three most frequent user agents, with how often each was seen, at least (the Misra–Gries summary): an agent of more than a
/// quarter of all requests is always among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopAgents {
    agents: [Agent; TOP],
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Agent {
    name: String,
    count: u64,
}

const TOP: usize = 3;
/// What is longer is cut: the first bytes name the program.
const MAX_BYTES: usize = 128;

// === impl TopAgents ===

impl TopAgents {
    /// The agents and how often each was seen, the most frequent first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let mut seen: Vec<_> = self.seen().collect();
        seen.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        seen.into_iter()
    }

    /// Counts an agent `times` times. Names of more than 128 bytes are cut.
    pub fn add(&mut self, name: &str, times: u64) {
        let name = cut(name);
        if let Some(agent) = self.agents.iter_mut().find(|agent| agent.name == name) {
            agent.count = agent.count.saturating_add(times);
            return;
        }
        let least = self.agents.iter().map(|agent| agent.count).min().unwrap_or(0).min(times);
        let empty = |agent: &&mut Agent| agent.count == 0;
        if least > 0 {
            self.agents.iter_mut().for_each(|agent| agent.count -= least);
        }
        let left = times - least;
        if left > 0
            && let Some(agent) = self.agents.iter_mut().find(empty)
        {
            agent.name.clear();
            agent.name.push_str(name);
            agent.count = left;
        }
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(name, times)| self.add(name, times));
    }

    /// Takes the counts out. The names stay, so that they need no memory again.
    pub(super) fn take(&mut self) -> Self {
        let taken = self.clone();
        self.agents.iter_mut().for_each(|agent| agent.count = 0);
        taken
    }

    fn seen(&self) -> impl Iterator<Item = (&str, u64)> {
        self.agents.iter().filter(|agent| agent.count > 0).map(|agent| (&*agent.name, agent.count))
    }
}

fn cut(name: &str) -> &str {
    let end = (0..=MAX_BYTES.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(agents: &TopAgents) -> String {
        agents.iter().map(|(name, count)| format!("{name}:{count} ")).collect()
    }

    #[test]
    fn frequent_agents_stay_and_rare_ones_pass() {
        let mut agents = TopAgents::default();
        for round in 0..100 {
            agents.add("curl", 1);
            agents.add("ruby", 1);
            agents.add(&format!("bot {round}"), 1);
        }
        let found = top(&agents);
        assert!(found.contains("curl:") && found.contains("ruby:"), "{found}");
    }

    #[test]
    fn few_agents_are_exact_and_long_ones_are_cut() {
        let mut agents = TopAgents::default();
        agents.add("b", 2);
        agents.add("a", 1);
        agents.add("b", 3);
        assert_eq!(top(&agents), "b:5 a:1 ");
        let taken = agents.take();
        assert_eq!((top(&taken).as_str(), top(&agents).as_str()), ("b:5 a:1 ", ""));
        agents.merge(&taken);
        assert_eq!(top(&agents), "b:5 a:1 ");
        agents.add(&"é".repeat(100), 1);
        assert!(agents.iter().all(|(name, _)| name.len() <= MAX_BYTES));
    }
}
