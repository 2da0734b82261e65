//! What is served against what clients are written against.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use std::collections::BTreeMap;

/// The contract: names, arguments and nullability in it are fixed; the served schema may have more.
const CONTRACT: &str = include_str!("../contract.graphql");
/// The schema as it is committed, for clients and for reviewers.
const COMMITTED: &str = include_str!("../../../../schema.graphql");

/// Every type by its name, and within it every member (`field`, `field(argument)`, enum value, input field) with its
/// type as text.
type Types = BTreeMap<String, (&'static str, BTreeMap<String, String>)>;

fn types_of(sdl: &str) -> Types {
    let document = parse_schema(sdl).expect("the schema is SDL");
    let mut types = Types::new();
    for definition in document.definitions {
        if let TypeSystemDefinition::Type(found) = definition {
            let (kind, members) = members_of(&found.node);
            types.insert(found.node.name.node.to_string(), (kind, members));
        }
    }
    types
}

fn members_of(found: &TypeDefinition) -> (&'static str, BTreeMap<String, String>) {
    let directive = |name: &str| found.directives.iter().any(|directive| directive.node.name.node == name);
    match &found.kind {
        TypeKind::Scalar => {
            let url = found.directives.iter().find(|directive| directive.node.name.node == "specifiedBy");
            let url = url.and_then(|directive| directive.node.get_argument("url")).map(|url| url.node.to_string());
            ("scalar", url.map(|url| ("@specifiedBy".to_owned(), url)).into_iter().collect())
        }
        TypeKind::Object(object) => {
            ("type", object.fields.iter().flat_map(|field| field_members(&field.node)).collect())
        }
        TypeKind::InputObject(input) => {
            let kind = if directive("oneOf") { "input @oneOf" } else { "input" };
            (kind, input.fields.iter().map(|field| input_member("", &field.node)).collect())
        }
        TypeKind::Enum(words) => {
            ("enum", words.values.iter().map(|word| (word.node.value.node.to_string(), String::new())).collect())
        }
        TypeKind::Interface(_) | TypeKind::Union(_) => panic!("the schema has neither interfaces nor unions"),
    }
}

fn field_members(field: &FieldDefinition) -> Vec<(String, String)> {
    let name = field.name.node.to_string();
    let arguments = field.arguments.iter().map(|argument| input_member(&format!("{name}:"), &argument.node));
    std::iter::once((name.clone(), field.ty.node.to_string())).chain(arguments).collect()
}

fn input_member(prefix: &str, input: &InputValueDefinition) -> (String, String) {
    assert!(
        input.default_value.is_none(),
        "{prefix}{} has a default in the schema: what left out means is told in words",
        input.name.node
    );
    (format!("{prefix}{}", input.name.node), input.ty.node.to_string())
}

#[test]
fn everything_in_the_contract_is_served_with_the_same_type() {
    let (contract, served) = (types_of(CONTRACT), types_of(&api_graphql::sdl()));
    let mut missing = Vec::new();
    for (name, (kind, members)) in &contract {
        let Some((served_kind, served_members)) = served.get(name) else {
            missing.push(format!("{kind} {name}"));
            continue;
        };
        if kind != served_kind {
            missing.push(format!("{name} is {served_kind}, not {kind}"));
        }
        for (member, ty) in members {
            match served_members.get(member) {
                Some(served) if served == ty => {}
                Some(served) => missing.push(format!("{name}.{member} is {served}, not {ty}")),
                None => missing.push(format!("{name}.{member}")),
            }
        }
    }
    assert!(contract.len() > 60, "the contract was read");
    assert!(missing.is_empty(), "not served as the contract says:\n{}", missing.join("\n"));
}

/// An argument or input field that must be given breaks clients that do not know it.
#[test]
fn what_is_served_beyond_the_contract_may_be_left_out() {
    let (contract, served) = (types_of(CONTRACT), types_of(&api_graphql::sdl()));
    for (name, (kind, members)) in &served {
        let Some((_, known)) = contract.get(name) else { continue };
        for (member, ty) in members.iter().filter(|(member, _)| !known.contains_key(*member)) {
            let is_input = kind.starts_with("input") || member.contains(':');
            let field_is_new = member.split_once(':').is_some_and(|(field, _)| !known.contains_key(field));
            assert!(!is_input || field_is_new || !ty.ends_with('!'), "{name}.{member} must be given");
        }
    }
}

#[test]
fn every_type_is_described() {
    let document = parse_schema(api_graphql::sdl()).expect("the schema is SDL");
    for definition in document.definitions {
        if let TypeSystemDefinition::Type(found) = definition {
            assert!(found.node.description.is_some(), "{} has no description", found.node.name.node);
        }
    }
}

#[test]
fn the_committed_schema_is_the_served_one() {
    assert!(
        COMMITTED == api_graphql::sdl(),
        "schema.graphql is not what is served: cargo run -p api-graphql --example sdl > schema.graphql"
    );
}
