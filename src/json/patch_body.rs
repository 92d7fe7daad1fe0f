//! JSON Patch bodies (`application/json-patch+json`): the operations of a client, said for another version.

use std::borrow::Cow;

use super::equal::ValueType;
use super::interpret::Interpreter;
use super::patch_reach::{Applicability, PatchedValue, judge};
use super::tree::{Tree, TreeNodeId};
use super::{ChangeSet, Literal, MigrateError, MigrateOptions, Migrated, Mode, PatchOp, Pointer, Step, text};

/// An operation in its document.
pub(super) struct PatchOperation {
    element: TreeNodeId,
    name: OperationName,
    path: OperationPath,
    from: Option<OperationPath>,
    value: Option<TreeNodeId>,
}

struct OperationPath {
    id: TreeNodeId,
    pointer: Pointer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OperationName {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// What became of one path and its value.
struct MovedValue {
    /// More than one when the value was copied.
    places: Vec<(Pointer, Vec<u8>)>,
    /// The steps that changed the value, by their index.
    rewrites: Vec<usize>,
}

/// The steps, and what was counted while they ran.
struct StepRunner<'s> {
    steps: Vec<&'s Step>,
    max_depth: usize,
    options: &'s MigrateOptions,
    collisions: u64,
    passed: u64,
    changes: ChangeSet,
}

/// Migrates the body of a PATCH request with a JSON Patch (RFC 6902): `path` and `from` are rewritten, `value` is
/// migrated, as a part of a document that is not there to look at. What is not concerned keeps its bytes.
///
/// Constants are filled in only inside of what a step of the same change made of the value. An operation on a copied value becomes several, one after the other.
///
/// # Errors
/// As [`migrate`](super::migrate); when the body is not a list of operations (`is_syntax`); and when an operation has no
/// counterpart (`is_patch_target`, for HTTP 422): it names a member that is dropped, a part of a value that is changed
/// as a whole, a text that is split or joined, a value that another is taken out of or into, or a place where a
/// condition of a step would have to be known.
///
/// ```
/// # use sunward::json::{Collision, Op, MigrateOptions, Pointer, Step, migrate_json_patch};
/// # let (object, collision) = (Pointer::ROOT, Collision::Replace);
/// # let op = Op::Rename { object, from: "name".into(), to: "title".into(), collision };
/// # let rename = Step::new(op);
/// let body = br#"[{"op": "replace", "path": "/name", "value": 1.10}]"#;
/// let migrated = migrate_json_patch(body, [&rename], &MigrateOptions::default())?;
/// assert_eq!(migrated.body, br#"[{"op": "replace", "path": "/title", "value": 1.10}]"#);
/// # Ok::<(), sunward::json::MigrateError>(())
/// ```
pub fn migrate_json_patch<'s>(
    document: &[u8],
    steps: impl IntoIterator<Item = &'s Step>,
    options: &MigrateOptions,
) -> Result<Migrated, MigrateError> {
    let steps = Mode::Partial.running(steps);
    if steps.is_empty() || document.is_empty() {
        return Ok(Migrated::unchanged(document));
    }
    let mut body = Tree::parse(document, options)?;
    let mut carrier = StepRunner {
        steps,
        max_depth: options.max_depth(),
        options,
        collisions: 0,
        passed: 0,
        changes: ChangeSet::default(),
    };
    let mut end = 0;
    for operation in operations(&mut body)? {
        end += 1;
        end += if operation.from.is_some() {
            carrier.two_paths(&mut body, &operation)?
        } else {
            carrier.one_path(&mut body, &operation, end)?
        };
    }
    let StepRunner { collisions, passed, changes, .. } = carrier;
    Ok(Migrated { body: body.document(), collisions, passed, changes })
}

/// The operations of a JSON Patch document.
pub(super) fn operations(tree: &mut Tree<'_>) -> Result<Vec<PatchOperation>, MigrateError> {
    let root = tree.root();
    if tree.kind(root) != ValueType::List {
        return Err(malformed(tree, root, "it is not an array of operations"));
    }
    tree.children(root).into_iter().map(|element| PatchOperation::read(tree, element)).collect()
}

fn malformed(tree: &Tree<'_>, at: TreeNodeId, why: &'static str) -> MigrateError {
    MigrateError::malformed_patch(tree.pointer(at), why)
}

// === impl PatchOperation ===

impl PatchOperation {
    fn read(tree: &mut Tree<'_>, element: TreeNodeId) -> Result<Self, MigrateError> {
        let name = needed(tree, element, "op")?;
        let name =
            OperationName::read(&tree.text(name)).ok_or_else(|| malformed(tree, name, "the operation is unknown"))?;
        let path = OperationPath::read(tree, element, "path")?;
        let from = if name.has_from() { Some(OperationPath::read(tree, element, "from")?) } else { None };
        let value = if name.has_value() { Some(needed(tree, element, "value")?) } else { None };
        Ok(Self { element, name, path, from, value })
    }

    pub(super) fn to_op(&self, tree: &Tree<'_>) -> Result<PatchOp, MigrateError> {
        let path = self.path.pointer.clone();
        let from = self.from.as_ref().map(|from| from.pointer.clone()).unwrap_or_default();
        let value = || match self.value {
            Some(id) => Literal::parse(&String::from_utf8_lossy(&tree.text(id))),
            None => Err(malformed(tree, self.element, "`value` is missing")),
        };
        Ok(match self.name {
            OperationName::Add => PatchOp::Add { path, value: value()? },
            OperationName::Remove => PatchOp::Remove { path },
            OperationName::Replace => PatchOp::Replace { path, value: value()? },
            OperationName::Move => PatchOp::Move { from, path },
            OperationName::Copy => PatchOp::Copy { from, path },
            OperationName::Test => PatchOp::Test { path, value: value()? },
        })
    }
}

fn needed(tree: &mut Tree<'_>, element: TreeNodeId, name: &str) -> Result<TreeNodeId, MigrateError> {
    match tree.members(element, name).as_slice() {
        [member] => Ok(*member),
        _ => Err(malformed(
            tree,
            element,
            "an operation needs exactly one `op` and one `path`, and its `from` or \
             `value`",
        )),
    }
}

// === impl OperationPath ===

impl OperationPath {
    fn read(tree: &mut Tree<'_>, element: TreeNodeId, name: &str) -> Result<Self, MigrateError> {
        let id = needed(tree, element, name)?;
        let plain = text::unescape(text::inner(&tree.text(id))).into_owned();
        let plain =
            Some(plain).filter(|_| tree.kind(id) == ValueType::Text).and_then(|plain| String::from_utf8(plain).ok());
        let pointer = plain.and_then(|plain| Pointer::parse(&plain).ok());
        let pointer = pointer.ok_or_else(|| malformed(tree, id, "a path is not a JSON Pointer"))?;
        Ok(Self { id, pointer })
    }

    fn write(&self, tree: &mut Tree<'_>, pointer: &Pointer) {
        if *pointer != self.pointer {
            tree.set(self.id, quoted(pointer));
        }
    }
}

fn quoted(pointer: &Pointer) -> Cow<'static, [u8]> {
    Cow::Owned(text::quote(&pointer.to_string()))
}

// === impl OperationName ===

impl OperationName {
    fn read(quoted: &[u8]) -> Option<Self> {
        let names = [
            ("add", Self::Add),
            ("remove", Self::Remove),
            ("replace", Self::Replace),
            ("move", Self::Move),
            ("copy", Self::Copy),
            ("test", Self::Test),
        ];
        let is_text = ValueType::of(quoted) == ValueType::Text;
        names.into_iter().find(|(name, _)| is_text && text::spells(quoted, name)).map(|(_, name)| name)
    }

    fn has_from(self) -> bool {
        matches!(self, Self::Move | Self::Copy)
    }

    fn has_value(self) -> bool {
        matches!(self, Self::Add | Self::Replace | Self::Test)
    }
}

// === impl StepRunner ===

impl StepRunner<'_> {
    /// Rewrites an operation with one path. Returns how many were added, from `end` on.
    fn one_path(&mut self, body: &mut Tree<'_>, operation: &PatchOperation, end: usize) -> Result<usize, MigrateError> {
        let PatchOperation { element, path, value, .. } = operation;
        let source = value.and_then(|id| body.source(id));
        let places = self.transfer(&path.pointer, source, PatchedValue::Removed)?.places;
        for (index, (pointer, value)) in places.iter().enumerate().skip(1) {
            let copy = body.duplicate(*element);
            set_member(body, copy, "path", quoted(pointer));
            set_member(body, copy, "value", Cow::Owned(value.clone()));
            body.insert(body.root(), end + index - 1, copy);
        }
        if let Some((pointer, migrated)) = places.first() {
            path.write(body, pointer);
            if let Some(id) = value.filter(|_| source != Some(migrated)) {
                body.set(id, Cow::Owned(migrated.clone()));
            }
        }
        Ok(places.len().saturating_sub(1))
    }

    /// Rewrites an operation that takes a value from one place to another, where it must have the same form.
    fn two_paths(&mut self, body: &mut Tree<'_>, operation: &PatchOperation) -> Result<usize, MigrateError> {
        let PatchOperation { path, from, name, .. } = operation;
        let Some(from) = from else { return Ok(0) };
        let source = self.transfer(&from.pointer, None, PatchedValue::Moved)?;
        let target = self.transfer(&path.pointer, None, PatchedValue::Moved)?;
        if source.rewrites != target.rewrites {
            return Err(MigrateError::patch_target(
                path.pointer.clone(),
                "the value has a different form in each \
                 place",
            ));
        }
        match (source.places.as_slice(), target.places.as_slice()) {
            ([(source, _), others @ ..], [(target, _)]) if others.is_empty() || *name == OperationName::Copy => {
                from.write(body, source);
                path.write(body, target);
                Ok(0)
            }
            _ => Err(MigrateError::patch_target(path.pointer.clone(), "the other version has the value in two places")),
        }
    }

    /// Runs the steps on a document of which only the value at `path` is known, or not even that: then `hidden` is what
    /// becomes of it.
    fn transfer(
        &mut self,
        path: &Pointer,
        value: Option<&[u8]>,
        hidden: PatchedValue,
    ) -> Result<MovedValue, MigrateError> {
        if path.tokens().len() > self.max_depth {
            return Err(MigrateError::depth(0, self.max_depth));
        }
        let tree = Tree::nested(path.tokens(), Cow::Borrowed(value.unwrap_or(b"null")));
        let mut run = Interpreter::new(tree, Mode::Partial);
        run.complete = true;
        run.links = self.options.links();
        run.path = self.options.path_parameters();
        let mut rewrites = Vec::new();
        let value = value.map_or(hidden, |_| PatchedValue::Shown);
        for (index, step) in self.steps.iter().enumerate() {
            if run_step(&mut run, step, path, value)? {
                rewrites.push(index);
            }
        }
        self.collisions += run.collisions;
        self.passed += run.passed;
        self.changes |= &run.changes;
        let marked = run.tree.marked().into_iter();
        let places: Vec<_> = marked.map(|(id, pointer)| (pointer, run.tree.text(id).into_owned())).collect();
        if places.is_empty() {
            return Err(MigrateError::patch_target(path.clone(), "the other version does not have the member"));
        }
        Ok(MovedValue { places, rewrites })
    }
}

/// Whether the step changed the value.
fn run_step<'a>(
    run: &mut Interpreter<'a>,
    step: &'a Step,
    path: &Pointer,
    value: PatchedValue,
) -> Result<bool, MigrateError> {
    let known = value == PatchedValue::Shown;
    let (mut runs, mut rewrites) = (false, false);
    run.objects_as_lists = false;
    for (_, location) in run.tree.marked() {
        let verdict = judge(step, &location, value);
        if let Applicability::Refuse(why) = verdict {
            return Err(MigrateError::patch_target(path.clone(), why));
        }
        // A value that is not shown has nothing to be changed, and its place stays.
        runs |= verdict != Applicability::Skip && (known || verdict != Applicability::Rewrite);
        rewrites |= matches!(verdict, Applicability::Rewrite | Applicability::RunAndRewrite);
        run.objects_as_lists |= verdict == Applicability::RunOnLists;
    }
    if runs {
        run.step(step)?;
    }
    Ok(rewrites)
}

fn set_member(tree: &mut Tree<'_>, object: TreeNodeId, name: &str, value: Cow<'static, [u8]>) {
    for id in tree.members(object, name) {
        tree.set(id, value.clone());
    }
}
