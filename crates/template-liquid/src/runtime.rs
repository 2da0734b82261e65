//! Where templates look up names: tokens, and what they assign. Nothing known is ever missing: it is unset.

use crate::sink::{Sink, burn};
use crate::tokens;
use crate::values::{UNSET, comparable, weigh};
use liquid_core::model::{KString, KStringCow, KStringRef, Object, ScalarCow, Value, ValueCow, ValueView};
use liquid_core::runtime::{PartialStore, Registers};
use liquid_core::{Error, Renderable, Result, Runtime};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use sync_core::ports::RenderContext;
use sync_core::sync::Operation;

/// Leads every name that a template assigns, so that none collides with a token or begins like a literal (`nilly`),
/// which the Liquid grammar could not read.
pub(crate) const LOCAL: &str = "v_";

/// The outermost scope: tokens, and everything assigned.
pub(crate) struct Scope<'a> {
    context: &'a RenderContext<'a>,
    operation: Option<Operation>,
    locals: RefCell<Object>,
    registers: Registers,
}

impl<'a> Scope<'a> {
    /// For one rendering.
    pub(crate) fn new(context: &'a RenderContext<'a>, operation: Option<Operation>) -> Self {
        Self { context, operation, locals: RefCell::default(), registers: Registers::default() }
    }
}

impl Runtime for Scope<'_> {
    fn partials(&self) -> &dyn PartialStore {
        &NoPartials
    }

    fn name(&self) -> Option<KStringRef<'_>> {
        None
    }

    fn roots(&self) -> BTreeSet<KStringCow<'_>> {
        BTreeSet::new()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        let root = path.first()?.to_kstr();
        let found = if root.starts_with(LOCAL) {
            let locals = self.locals.borrow();
            let found = tokens::find_within(locals.get(root.as_str())?, &path[1..])?;
            Some(ValueCow::Owned(found.into_owned()))
        } else if root == "operation" {
            self.operation.map(|operation| ValueCow::Owned(Value::scalar(operation.as_str())))
        } else {
            tokens::find(self.context, path)
        };
        // An id is no quantity: what it is compared with are its digits.
        if root == "unique_id" { count(self, found) } else { seen(self, found) }
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
        let found = self.try_get(path);
        let is_unique_id = || path.first().is_some_and(|root| root.to_kstr() == "unique_id");
        if found.is_none() && self.context.unique_id.is_none() && is_unique_id() {
            return Err(Error::with_msg("the record's unique id is not known"));
        }
        Ok(set_or_unset(found))
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        self.locals.borrow_mut().insert(name, value)
    }

    fn set_index(&self, _: KString, _: Value) -> Option<Value> {
        None
    }

    fn get_index<'a>(&'a self, _: &str) -> Option<ValueCow<'a>> {
        None
    }

    fn registers(&self) -> &Registers {
        &self.registers
    }
}

fn set_or_unset(found: Option<ValueCow<'_>>) -> ValueCow<'_> {
    found.filter(|found| !found.is_nil()).unwrap_or(ValueCow::Borrowed(&UNSET))
}

/// Counts the work that is done on what was found. Too much of it fails the next step.
fn count<'v>(runtime: &dyn Runtime, found: Option<ValueCow<'v>>) -> Option<ValueCow<'v>> {
    if let Some(found) = &found {
        _ = burn(runtime, weigh(found));
    }
    found
}

/// Counts what was found, and gives it as it is wanted: by its digits where it is written, assigned or gone over, as a number
/// that can be compared in a condition.
fn seen<'v>(runtime: &dyn Runtime, found: Option<ValueCow<'v>>) -> Option<ValueCow<'v>> {
    let found = count(runtime, found)?;
    let is_exact = runtime.registers().get_mut::<Sink>().is_exact;
    Some(if is_exact { found } else { comparable(found) })
}

/// Evaluates where numbers are wanted by their digits.
pub(crate) fn exactly<T>(runtime: &dyn Runtime, evaluate: impl FnOnce() -> Result<T>) -> Result<T> {
    let was_exact = std::mem::replace(&mut runtime.registers().get_mut::<Sink>().is_exact, true);
    let value = evaluate();
    runtime.registers().get_mut::<Sink>().is_exact = was_exact;
    value
}

/// One turn of a loop: its item by its name, and `forloop`.
pub(crate) struct LoopScope<'p> {
    pub(crate) parent: &'p dyn Runtime,
    pub(crate) name: &'p str,
    pub(crate) item: &'p dyn ValueView,
    /// Which turn this is, from 0.
    pub(crate) turn: i64,
    /// How many turns are made.
    pub(crate) turns: i64,
}

impl LoopScope<'_> {
    fn is_own(&self, path: &[ScalarCow<'_>]) -> bool {
        path.first().is_some_and(|root| root.to_kstr() == "forloop" || root.to_kstr() == self.name)
    }

    /// What a path leads to whose root is this loop's own.
    fn find_own(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        let (root, rest) = path.split_first()?;
        if root.to_kstr() == self.name {
            return tokens::find_within(self.item, rest);
        }
        let (turn, turns) = (self.turn, self.turns);
        // No more can stand behind it; see `check`.
        let [member] = rest else { return None };
        Some(ValueCow::Owned(match member.to_kstr().as_str() {
            "index" => Value::scalar(turn + 1),
            "index0" => Value::scalar(turn),
            "rindex" => Value::scalar(turns - turn),
            "rindex0" => Value::scalar(turns - turn - 1),
            "first" => Value::scalar(turn == 0),
            "last" => Value::scalar(turn + 1 == turns),
            "length" => Value::scalar(turns),
            _ => return None,
        }))
    }
}

impl Runtime for LoopScope<'_> {
    fn partials(&self) -> &dyn PartialStore {
        &NoPartials
    }

    fn name(&self) -> Option<KStringRef<'_>> {
        None
    }

    fn roots(&self) -> BTreeSet<KStringCow<'_>> {
        BTreeSet::new()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        if self.is_own(path) { seen(self, self.find_own(path)) } else { self.parent.try_get(path) }
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
        if self.is_own(path) { Ok(set_or_unset(self.try_get(path))) } else { self.parent.get(path) }
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        self.parent.set_global(name, value)
    }

    fn set_index(&self, name: KString, value: Value) -> Option<Value> {
        self.parent.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.parent.get_index(name)
    }

    fn registers(&self) -> &Registers {
        self.parent.registers()
    }
}

/// There are no partial templates.
#[derive(Debug)]
struct NoPartials;

impl PartialStore for NoPartials {
    fn contains(&self, _: &str) -> bool {
        false
    }
    fn names(&self) -> Vec<&str> {
        Vec::new()
    }
    fn try_get(&self, _: &str) -> Option<Arc<dyn Renderable>> {
        None
    }
    fn get(&self, _: &str) -> Result<Arc<dyn Renderable>> {
        Err(Error::with_msg("there are no partial templates"))
    }
}
