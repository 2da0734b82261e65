//! The API in process: the schema over an engine with a store in memory and a scripted external system.

mod contract;
mod documents;
mod support;
mod unauthorised;
