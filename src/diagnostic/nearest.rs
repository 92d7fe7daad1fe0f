//! What the author of a file most likely meant by a name that is not known.

use strsim::osa_distance;

/// The word of `known` nearest to `word`, if it is near enough to be a typo (at most a third of the letters differ).
#[doc(hidden)]
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (word.chars().count().max(3)) / 3;
    known
        .into_iter()
        .map(|candidate| (osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What to write in the place of a word that is not known: the name that it is a typo of, or the known names. Of more
/// than `shown` only the nearest are listed.
#[doc(hidden)]
#[must_use]
pub fn suggestion(word: &str, known: &[&str], shown: usize) -> String {
    // Short names and numbers are one character from each other.
    let is_word = word.chars().count() > 2 && word.chars().any(char::is_alphabetic);
    if let Some(near) = nearest(word, known.iter().copied()).filter(|_| is_word) {
        return format!("did you mean `{near}`?");
    }
    let mut list = known.to_vec();
    if list.len() > shown {
        list.sort_by_key(|name| osa_distance(word, name));
    }
    let (first, rest) = list.split_at(shown.min(list.len()));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    format!("known: `{}`{more}", first.join("`, `"))
}

/// How many names a finding lists.
#[doc(hidden)]
pub const SUGGESTED: usize = 10;

/// A text of the file within a message: in backticks, or in double quotes if it has backticks itself.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains('`') { format!("\"{text}\"") } else { format!("`{text}`") }
}

/// Whether one word is most likely a typo of the other: a letter is wrong, missing, too much or swapped. A plural is none.
pub(crate) fn is_typo(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let plural = long.strip_suffix('s') == Some(short);
    short.chars().count() > 3 && !plural && !long.ends_with(|c: char| c.is_ascii_digit()) && osa_distance(a, b) == 1
}
