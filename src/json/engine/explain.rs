//! A program in words.

use std::collections::BTreeSet;
use std::fmt;

use super::code::{Children, Code, ProgramNode};
use super::plan::{COPY, NodeId, ObjectPlan, SourceMember};
use super::program::Program;

/// Writes a program line by line.
struct ProgramWriter<'c, 'f, 'g> {
    code: &'c Code,
    /// Nodes that lead back to themselves, in the order in which they are written.
    loops: Vec<NodeId>,
    lead_back: BTreeSet<NodeId>,
    out: &'f mut fmt::Formatter<'g>,
}

/// What it does, place by place, and what it has to hold for it.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("passes, unread\n");
        }
        let mut loops = Loops { code: &self.code, open: Vec::new(), done: BTreeSet::new(), found: BTreeSet::new() };
        loops.node(self.code.root);
        let mut writer = ProgramWriter { code: &self.code, loops: Vec::new(), lead_back: loops.found, out: f };
        writer.node(self.code.root, "the document", 0)
    }
}

/// Looks for nodes that lead back to themselves.
struct Loops<'c> {
    code: &'c Code,
    /// From the root to the node at hand.
    open: Vec<NodeId>,
    done: BTreeSet<NodeId>,
    found: BTreeSet<NodeId>,
}

// === impl Loops ===

impl Loops<'_> {
    fn node(&mut self, id: NodeId) {
        if self.open.contains(&id) {
            self.found.insert(id);
        }
        if !self.done.insert(id) {
            return;
        }
        self.open.push(id);
        if let ProgramNode::ByKind { object, array } = self.code.node(id) {
            self.inside(*object);
            self.inside(*array);
        }
        self.open.pop();
    }

    fn inside(&mut self, inside: Children) {
        match inside {
            Children::Copy => {}
            Children::Hold(node) | Children::Every(node) => self.node(node),
            Children::Members(plan) => {
                let plan = &self.code.objects[plan];
                plan.sources.iter().for_each(|source| self.node(source.node));
                plan.cells.iter().flat_map(|cell| &cell.nodes).for_each(|node| self.node(*node));
                plan.others.iter().for_each(|others| self.node(others.node));
            }
        }
    }
}

// === impl ProgramWriter ===

impl ProgramWriter<'_, '_, '_> {
    fn line(&mut self, depth: usize, text: fmt::Arguments<'_>) -> fmt::Result {
        writeln!(self.out, "{:width$}{text}", "", width = depth * 2)
    }

    fn node(&mut self, id: NodeId, name: &str, depth: usize) -> fmt::Result {
        if let Some(known) = self.loops.iter().position(|known| *known == id) {
            return self.line(depth, format_args!("{name}: the same again as ({})", known + 1));
        }
        if self.lead_back.contains(&id) {
            self.loops.push(id);
            let number = self.loops.len();
            self.line(depth, format_args!("({number})"))?;
        }
        match self.code.node(id) {
            ProgramNode::Copy => self.line(depth, format_args!("{name}: copied")),
            ProgramNode::Hold(steps) => {
                self.line(depth, format_args!("{name}: held in memory as a whole, then"))?;
                steps.iter().try_for_each(|step| self.line(depth + 1, format_args!("{step}")))
            }
            ProgramNode::ByKind { object: Children::Every(node), array: Children::Every(same) } if node == same => {
                self.line(depth, format_args!("{name}, if an object or an array"))?;
                self.node(*node, "each", depth + 1)
            }
            ProgramNode::ByKind { object, array } => {
                self.inside(*object, name, "an object", depth)?;
                self.inside(*array, name, "an array", depth)
            }
        }
    }

    fn inside(&mut self, inside: Children, name: &str, kind: &str, depth: usize) -> fmt::Result {
        match inside {
            Children::Copy => Ok(()),
            Children::Hold(node) => self.node(node, &format!("{name}, if {kind}"), depth),
            Children::Every(node) => {
                self.line(depth, format_args!("{name}, if {kind}"))?;
                self.node(node, "each", depth + 1)
            }
            Children::Members(plan) => {
                self.line(depth, format_args!("{name}, if {kind}"))?;
                self.plan(&self.code.objects[plan], depth + 1)
            }
        }
    }

    fn plan(&mut self, plan: &ObjectPlan, depth: usize) -> fmt::Result {
        for source in &plan.sources {
            self.source(source, plan, depth)?;
        }
        if let Some(others) = &plan.others {
            let renamings: Vec<String> =
                others.renamings.iter().map(|rule| format!("renamed {}", rule.renaming)).collect();
            if !renamings.is_empty() {
                self.line(depth, format_args!("every other member: {}", renamings.join(", then ")))?;
            }
            if others.node != COPY {
                self.node(others.node, "the value of every other member", depth)?;
            }
        }
        for cell in &plan.cells {
            if let Some(constant) = &cell.constant {
                // A comma, the key, a colon, the value.
                let value = String::from_utf8_lossy(&constant[cell.key.len() + 2..]);
                let key = String::from_utf8_lossy(&cell.key);
                self.line(depth, format_args!("{key}: added at the end as {value}, if it is still absent"))?;
            }
        }
        Ok(())
    }

    /// What is done to a number of elements, behind the step that counts them.
    fn counted(&mut self, node: NodeId, depth: usize) -> fmt::Result {
        let ProgramNode::Hold(steps) = self.code.node(node) else { return Ok(()) };
        let mut others = steps.iter().skip(1);
        others.try_for_each(|step| self.line(depth, format_args!("the number: {step}")))
    }

    fn source(&mut self, source: &SourceMember, plan: &ObjectPlan, depth: usize) -> fmt::Result {
        let name = &source.name;
        for (cell, rank) in &source.copied {
            let key = String::from_utf8_lossy(&plan.cells[*cell].key);
            let unless = better(plan, *cell, *rank);
            let verb = if source.summarized { "counted" } else { "kept" };
            self.line(depth, format_args!("\"{name}\": {verb} for {key}, which is added at the end{unless}"))?;
            match plan.cells[*cell].nodes.get(usize::from(*rank)) {
                None | Some(&COPY) => {}
                Some(node) if source.summarized => self.counted(*node, depth + 1)?,
                Some(node) => self.node(*node, "the copy", depth + 1)?,
            }
        }
        let Some((cell, rank)) = source.stays else {
            let seen = if source.seen { "; its value is held, and read first" } else { "" };
            return self.line(depth, format_args!("\"{name}\": removed{seen}"));
        };
        let key = String::from_utf8_lossy(&plan.cells[cell].key);
        let becomes = if source.key.is_some() { format!("becomes {key}") } else { "kept".to_owned() };
        let unless = better(plan, cell, rank);
        let waits = if rank > 0 { "; held, with what follows, until that is known" } else { "" };
        self.line(depth, format_args!("\"{name}\": {becomes}{unless}{waits}"))?;
        if source.node == COPY { Ok(()) } else { self.node(source.node, "its value", depth + 1) }
    }
}

/// The members that win over a candidate.
fn better(plan: &ObjectPlan, cell: usize, rank: u16) -> String {
    let of = |source: &&SourceMember| {
        let all = source.stays.into_iter().chain(source.copied.iter().copied());
        all.into_iter().any(|(c, r)| c == cell && r < rank)
    };
    let names: Vec<String> = plan.sources.iter().filter(of).map(|source| format!("\"{}\"", source.name)).collect();
    if names.is_empty() { String::new() } else { format!(", unless there is {}", names.join(" or ")) }
}
