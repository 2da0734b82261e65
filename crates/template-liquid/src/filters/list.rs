//! Filters on lists. Anything else than a list is a list of itself; what is unset is an empty one.

use super::{Call, Spec, spec};
use crate::decimal::Number as Decimal;
use crate::values::{Plain, UNSET, plain, to_json, to_text};
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
        Ok(end_item(call, <[Value]>::first, |text| text.chars().next()))
    }),
    spec("last", (0, 0), "The last item", ("{{ person.labels | last }}", "vip"), |call| {
        Ok(end_item(call, <[Value]>::last, |text| text.chars().next_back()))
    }),
    spec(
        "concat",
        (1, 1),
        "Another list's items put behind",
        (r"{{ person.labels | concat: person.emails | size }}", "4"),
        |call| {
            let mut all = items(call);
            if call.is_second() && call.argument(0).as_array().is_none() {
                return Err(call.fault("its argument is no list; make one of it with `split`"));
            }
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
            let all = items(call);
            check_members(call, &all)?;
            Ok(Value::Array(all.iter().map(|item| member(item, &name).to_value()).collect()))
        },
    ),
    spec(
        "sort",
        (0, 1),
        "In order, of the items or of their members of this name: numbers, or texts; what is unset comes last",
        (r#"{{ "b,a" | split: "," | sort }}"#, "a, b"),
        |call| if call.is_second() { sort(call) } else { Ok(first_sort(call)) },
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

/// The items of the input; of lists in it, theirs, but for the first edition.
fn items(call: &Call<'_>) -> Vec<Value> {
    let items = to_items(call.input);
    if !call.is_second() || !items.iter().any(|item| item.as_array().is_some()) {
        return items;
    }
    let mut flat = Vec::new();
    flatten(items, &mut flat);
    flat
}

fn flatten(items: Vec<Value>, flat: &mut Vec<Value>) {
    for item in items {
        match item {
            Value::Array(items) => flatten(items, flat),
            item => flat.push(item),
        }
    }
}

/// The first or last item. Of a text it is the first or last character, of an object the first name and value; nothing else has any.
fn end_item(call: &Call<'_>, of_list: fn(&[Value]) -> Option<&Value>, of_text: fn(&str) -> Option<char>) -> Value {
    let all = to_items(call.input);
    if call.input.as_array().is_some() || !call.is_second() {
        return of_list(&all).cloned().unwrap_or(Value::Nil);
    }
    match plain(call.input) {
        Some(Plain::Text(text)) => of_text(&text).map_or(Value::Nil, |c| Value::scalar(c.to_string())),
        Some(_) => Value::Nil,
        None => call.input.as_object().filter(|_| call.name == "first").map_or(Value::Nil, |object| {
            let first = object.iter().min_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
            first.map_or(Value::Nil, |(name, value)| {
                Value::Array(vec![crate::values::text(name.as_str()), value.to_value()])
            })
        }),
    }
}

/// Refuses items that have no members, of which Shopify's Liquid would take anything or nothing.
fn check_members(call: &Call<'_>, items: &[Value]) -> Result<()> {
    let has_none = |item: &Value| item.as_object().is_none() && !item.is_nil();
    if call.is_second() && items.iter().any(has_none) {
        return Err(call.fault("an item is no object, so it has no member of this name"));
    }
    Ok(())
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

/// By numbers or by texts; what is unset comes last.
fn sort(call: &Call<'_>) -> Result<Value> {
    let name = call.has_argument(0).then(|| call.text_argument(0));
    let all = items(call);
    if name.is_some() {
        check_members(call, &all)?;
    }
    let (mut numbers, mut texts, mut unset) = (Vec::new(), Vec::new(), Vec::new());
    let is_alone = all.len() == 1;
    for item in all {
        let by = name.as_ref().map_or(&item as &dyn ValueView, |name| member(&item, name));
        match (Decimal::of(by), plain(by)) {
            (Some(number), _) => numbers.push((number, item)),
            (None, Some(Plain::Text(text))) => {
                let text = text.into_owned();
                texts.push((text, item));
            }
            _ if by.is_nil() || is_alone => unset.push(item),
            _ => return Err(call.fault("only numbers can be sorted, or texts")),
        }
    }
    if !numbers.is_empty() && !texts.is_empty() {
        return Err(call.fault("numbers and texts cannot be sorted together"));
    }
    numbers.sort_by(|(one, _), (other, _)| one.compare(other));
    texts.sort_by(|(one, _), (other, _)| one.cmp(other));
    let sorted = numbers.into_iter().map(|(_, item)| item).chain(texts.into_iter().map(|(_, item)| item));
    Ok(Value::Array(sorted.chain(unset).collect()))
}

/// Numbers before texts, the rest by its JSON: an order of everything, so that the same list comes out alike.
fn first_sort(call: &Call<'_>) -> Value {
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
