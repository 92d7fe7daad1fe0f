//! Open arrays and objects, a bit each.

/// The innermost in a register, those further out in memory, which most documents never touch.
#[derive(Clone, Debug, Default)]
pub(super) struct ContainerStack {
    /// The innermost, up to 64, the last in the lowest bit: 1 is an object.
    top: u64,
    depth: usize,
    /// The others, in words of 64.
    deep: Vec<u64>,
}

// === impl ContainerStack ===

impl ContainerStack {
    pub(super) const fn new() -> Self {
        Self { top: 0, depth: 0, deep: Vec::new() }
    }

    #[inline]
    pub(super) fn clear(&mut self) {
        self.depth = 0;
        self.deep.clear();
    }

    #[inline]
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    /// Whether the innermost is an object.
    #[inline]
    pub(super) const fn in_object(&self) -> bool {
        self.depth > 0 && self.top & 1 == 1
    }

    #[inline]
    pub(super) fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.deep.push(self.top);
        }
        self.top = self.top << 1 | u64::from(object);
        self.depth += 1;
    }

    /// Only if there is one.
    #[inline]
    pub(super) fn pop(&mut self) {
        self.depth -= 1;
        self.top >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.top = self.deep.pop().unwrap_or_default();
        }
    }
}
