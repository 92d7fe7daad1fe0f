//! JSON Patch (RFC 6902) on the tree: what no operation touches keeps its bytes.

use std::borrow::Cow;

use super::equal::{self, ValueType};
use super::interpret::{Interpreter, OpError};
use super::tree::{Tree, TreeNodeId, index};
use super::{MigrateError, MigrateOptions, PatchOp, Pointer, patch_body};

// === impl PatchOp ===

impl PatchOp {
    /// Reads a JSON Patch document. Members that an operation does not need are ignored (RFC 6902 §4).
    ///
    /// # Errors
    /// When it is not JSON, or not a list of operations.
    ///
    /// ```
    /// use sunward::json::PatchOp;
    ///
    /// let ops = PatchOp::parse_list(r#"[{"op": "add", "path": "/a", "value": 1.10}]"#)?;
    /// assert!(matches!(&ops[0], PatchOp::Add { value, .. } if value.as_str() == "1.10"));
    /// # Ok::<(), sunward::json::MigrateError>(())
    /// ```
    pub fn parse_list(json: &str) -> Result<Vec<Self>, MigrateError> {
        let mut tree = Tree::parse(json.as_bytes(), &MigrateOptions::default())?;
        patch_body::operations(&mut tree)?.iter().map(|operation| operation.to_op(&tree)).collect()
    }
}

// === impl Interpreter ===

impl<'a> Interpreter<'a> {
    /// All operations or none.
    pub(super) fn patch(&mut self, id: TreeNodeId, ops: &'a [PatchOp]) -> Result<(), OpError> {
        let copy = self.tree.duplicate(id);
        let before = self.tree.edits();
        let applied = ops.iter().try_for_each(|op| self.tree.apply(copy, op));
        applied.map_err(|why| OpError::patch(id, why))?;
        if self.tree.edits() != before {
            self.tree.put(id, copy);
        }
        Ok(())
    }
}

// === impl Tree ===

type Applied<T = ()> = Result<T, &'static str>;

impl<'a> Tree<'a> {
    fn apply(&mut self, root: TreeNodeId, op: &'a PatchOp) -> Applied {
        match op {
            PatchOp::Add { path, value } => {
                let value = self.add(Cow::Borrowed(value.as_bytes()));
                self.patch_add(root, path, value)
            }
            PatchOp::Remove { path } => self.patch_remove(root, path).map(|_| ()),
            PatchOp::Replace { path, value } => {
                let target = self.resolve(root, path)?;
                self.set(target, Cow::Borrowed(value.as_bytes()));
                Ok(())
            }
            PatchOp::Move { from, path } => self.patch_move(root, from, path),
            PatchOp::Copy { from, path } => {
                let source = self.resolve(root, from)?;
                let copy = self.duplicate(source);
                self.patch_add(root, path, copy)
            }
            PatchOp::Test { path, value } => {
                let target = self.resolve(root, path)?;
                let equal = equal::equal(&self.text(target), value.as_bytes());
                if equal { Ok(()) } else { Err("a `test` operation failed") }
            }
        }
    }

    fn patch_add(&mut self, root: TreeNodeId, path: &Pointer, value: TreeNodeId) -> Applied {
        let Some((parent, token)) = path.parent() else {
            self.put(root, value);
            return Ok(());
        };
        let parent = self.resolve(root, &parent)?;
        match self.kind(parent) {
            ValueType::Object => match self.members(parent, token).as_slice() {
                [] => self.append(parent, token, value),
                [member] => self.put(*member, value),
                _ => return Err("a path leads through duplicate members"),
            },
            ValueType::List => {
                let length = self.children(parent).len();
                let at = if token == "-" { Some(length) } else { index(token).filter(|at| *at <= length) };
                self.insert(parent, at.ok_or("an index is past the end of its array")?, value);
            }
            _ => return Err("a path leads into a value that is not an object or array"),
        }
        Ok(())
    }

    /// Leaves the value readable.
    fn patch_remove(&mut self, root: TreeNodeId, path: &Pointer) -> Applied<TreeNodeId> {
        let target = self.resolve(root, path)?;
        if target == root {
            return Err("the whole value cannot be removed");
        }
        self.kill(target);
        self.sweep();
        Ok(target)
    }

    fn patch_move(&mut self, root: TreeNodeId, from: &Pointer, path: &Pointer) -> Applied {
        self.resolve(root, from)?;
        if from == path {
            return Ok(());
        }
        if path.starts_with(from) {
            return Err("a value cannot be moved into itself");
        }
        let source = self.patch_remove(root, from)?;
        let value = self.detach(source);
        self.patch_add(root, path, value)
    }

    fn resolve(&mut self, root: TreeNodeId, path: &Pointer) -> Applied<TreeNodeId> {
        path.tokens().iter().try_fold(root, |at, token| match self.step(at, token).as_slice() {
            [next] => Ok(*next),
            [] => Err("a path leads to nothing"),
            _ => Err("a path leads through duplicate members"),
        })
    }
}
