//! Filters on lists. Anything else than a list is a list of itself; what is unset is an empty one.

use super::{Call, Spec, spec};
use crate::values::{UNSET, to_json, to_text};
use liquid_core::Result;
use liquid_core::model::{Value, ValueView};
use std::collections::HashSet;

pub(super) const FILTERS: [Spec; 9] = [
    spec(
        "join",
        (0, 1),
        "The items as one text, with a space or another text between them",
        (r#"{{ person.labels | join: "/" }}"#, "customer/vip"),
        join,
    ),
    spec("first", (0, 0), "The first item", ("{{ person.labels | first }}", "customer"), |call| {
        Ok(items(call).into_iter().next().unwrap_or(Value::Nil))
    }),
    spec("last", (0, 0), "The last item", ("{{ person.labels | last }}", "vip"), |call| {
        Ok(items(call).pop().unwrap_or(Value::Nil))
    }),
    spec(
        "concat",
        (1, 1),
        "Another list's items put behind",
        (r"{{ person.labels | concat: person.emails | size }}", "4"),
        |call| {
            let mut all = items(call);
            let more = to_items(call.argument(0));
            call.check_items(all.len() + more.len())?;
            all.extend(more);
            Ok(Value::Array(all))
        },
    ),
    spec(
        "map",
        (1, 1),
        "Of each item the member of this name",
        (r#"{{ person.custom.orders | map: "id" | join: "," }}"#, "1,2"),
        |call| {
            let name = call.text_argument(0);
            Ok(Value::Array(items(call).iter().map(|item| member(item, &name).to_value()).collect()))
        },
    ),
    spec(
        "sort",
        (0, 1),
        "In order, of the items or of their members of this name",
        (r#"{{ "b,a" | split: "," | sort }}"#, "a, b"),
        |call| Ok(sort(call)),
    ),
    spec("reverse", (0, 0), "The other way round", ("{{ person.labels | reverse }}", "vip, customer"), |call| {
        let mut all = items(call);
        all.reverse();
        Ok(Value::Array(all))
    }),
    spec("uniq", (0, 0), "Each item once", (r#"{{ "a,b,a" | split: "," | uniq }}"#, "a, b"), |call| {
        let mut seen = HashSet::new();
        let mut all = items(call);
        all.retain(|item| seen.insert(to_json(item)));
        Ok(Value::Array(all))
    }),
    spec(
        "compact",
        (0, 0),
        "Without items that are unset",
        (r#"{{ person.custom.orders | map: "note" | compact }}"#, "gift"),
        |call| {
            let mut all = items(call);
            all.retain(|item| !item.is_nil());
            Ok(Value::Array(all))
        },
    ),
];

fn items(call: &Call<'_>) -> Vec<Value> {
    to_items(call.input)
}

fn to_items(value: &dyn ValueView) -> Vec<Value> {
    if let Some(array) = value.as_array() {
        return array.values().map(ValueView::to_value).collect();
    }
    if value.is_nil() || value.is_state() { Vec::new() } else { vec![value.to_value()] }
}

fn member<'v>(item: &'v Value, name: &str) -> &'v dyn ValueView {
    item.as_object().and_then(|object| object.get(name)).unwrap_or(&UNSET)
}

fn join(call: &Call<'_>) -> Result<Value> {
    let between = if call.has_argument(0) { call.text_argument(0) } else { " ".into() };
    let all = items(call);
    let texts: Vec<_> = all.iter().map(|item| to_text(item)).collect();
    let between_bytes = between.len().saturating_mul(texts.len().saturating_sub(1));
    call.check_length(texts.iter().map(|text| text.len()).sum::<usize>().saturating_add(between_bytes))?;
    call.text_value(&texts.join(&between))
}

/// Numbers before texts, the rest by its JSON: an order of everything, so that the same list comes out alike.
fn sort(call: &Call<'_>) -> Value {
    let name = call.has_argument(0).then(|| call.text_argument(0));
    let mut all = items(call);
    all.sort_by_cached_key(|item| {
        let by = name.as_ref().map_or(item as &dyn ValueView, |name| member(item, name));
        let number = match crate::values::plain(by) {
            Some(crate::values::Plain::Whole(whole)) => Some(whole as f64),
            Some(crate::values::Plain::Fraction(fraction)) => Some(fraction),
            Some(crate::values::Plain::Exact(digits)) => crate::values::fraction_of(&digits),
            _ => None,
        };
        (number.is_none(), number.map(Ordered), to_text(by).into_owned())
    });
    Value::Array(all)
}

#[derive(PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}
impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
