//! The API in process: the schema over an engine with a store in memory and a scripted external system.

mod alerts;
mod contract;
mod documents;
mod editions;
mod faults;
mod holds;
mod numbers;
mod options;
mod pages;
mod patches;
mod reads;
mod subscriptions;
mod support;
mod unauthorised;
mod writes;
