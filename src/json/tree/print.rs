use super::{Container, Item, NodeContent, Tree, TreeNodeId};

/// A container that is being written.
struct PrintFrame<'t, 'a> {
    container: &'t Container<'a>,
    next: usize,
    first: bool,
    /// White space of the item before, which goes in front of the next comma or bracket.
    trail: &'a [u8],
}

// === impl Tree ===

impl Tree<'_> {
    /// The whole document.
    pub(in crate::json) fn document(&self) -> Vec<u8> {
        let [before, after] = self.around;
        let mut out = Vec::with_capacity(self.read.len() + self.read.len() / 8);
        out.extend_from_slice(before);
        self.write(self.root, &mut out);
        out.extend_from_slice(after);
        out
    }

    pub(super) fn print(&self, id: TreeNodeId) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(id, &mut out);
        out
    }

    /// Without recursion, since a document may be as deep as its limit.
    fn write(&self, id: TreeNodeId, out: &mut Vec<u8>) {
        let mut frames: Vec<_> = self.begin(id, out).into_iter().collect();
        while let Some(frame) = frames.last_mut() {
            out.extend_from_slice(std::mem::take(&mut frame.trail));
            let Some(item) = frame.next_live(self) else {
                out.extend_from_slice(frame.container.tail);
                out.push(if frame.container.object { b'}' } else { b']' });
                frames.pop();
                continue;
            };
            frame.begin_item(item, out);
            frames.extend(self.begin(item.value, out));
        }
    }

    /// Writes a value that is a text, or opens the container.
    fn begin(&self, id: TreeNodeId, out: &mut Vec<u8>) -> Option<PrintFrame<'_, '_>> {
        match &self.node(id).content {
            NodeContent::Text(text) => {
                out.extend_from_slice(text);
                None
            }
            NodeContent::Open(container) => {
                out.push(if container.object { b'{' } else { b'[' });
                Some(PrintFrame { container, next: 0, first: true, trail: b"" })
            }
        }
    }
}

// === impl PrintFrame ===

impl<'t, 'a> PrintFrame<'t, 'a> {
    fn next_live(&mut self, tree: &Tree<'_>) -> Option<&'t Item<'a>> {
        let rest = self.container.items.get(self.next..)?;
        let skipped = rest.iter().position(|item| !tree.is_dead(item.value))?;
        self.next += skipped + 1;
        rest.get(skipped)
    }

    fn begin_item(&mut self, item: &Item<'a>, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.first, false) {
            out.push(b',');
        }
        out.extend_from_slice(item.lead);
        if let Some(name) = &item.name {
            out.extend_from_slice(&name.key);
            out.extend_from_slice(name.colon);
        }
        self.trail = item.trail;
    }
}
