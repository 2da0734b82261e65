//! What templates do, seen through the port.

mod any_person;
mod bounds;
mod catalogue;
mod conversions;
mod meanings;
mod places;
mod strict;
mod support;
