//! axe-core, put into the page: what it finds wrong with a page's accessibility.

use crate::Browser;
use serde_json::{Value, json};

/// Version 4.14.1; see `vendor/README.md`.
const AXE: &str = include_str!("../vendor/axe.min.js");

/// What axe looks at in the page that is shown.
#[derive(Clone, Copy, Debug)]
pub enum Rules {
    /// All that it knows.
    All,
    /// Contrast alone: what another colour scheme changes.
    Contrast,
    /// All but contrast: what another width changes.
    Structure,
}

impl Browser {
    /// Serious and critical violations on the page, in words.
    ///
    /// # Panics
    /// Where axe cannot look, or looked at nothing.
    pub async fn violations(&self, rules: Rules) -> Vec<String> {
        if self.script("return typeof axe", json!([])).await != "object" {
            self.script(AXE, json!([])).await;
        }
        let options = match rules {
            Rules::All => json!({}),
            Rules::Structure => json!({ "rules": { "color-contrast": { "enabled": false } } }),
            Rules::Contrast => json!({ "runOnly": { "type": "rule", "values": ["color-contrast"] } }),
        };
        let look = r"
            const done = arguments[arguments.length - 1];
            axe.run(document, arguments[0]).then(
                ({ violations, passes }) => done({
                    passes: passes.length,
                    violations: violations.map(({ id, impact, help, nodes }) => ({
                        id, impact, help, nodes: nodes.slice(0, 4).map((node) => `${node.target.join(' ')}: ${node.failureSummary}`),
                    })),
                }),
                (error) => done({ error: String(error) }),
            );
        ";
        let found = self.async_script(look, json!([options])).await;
        assert!(found["passes"].as_u64().is_some_and(|passes| passes > 0), "axe looked at nothing: {found}");
        let violations = found["violations"].as_array().expect("a list");
        let grave = violations.iter().filter(|one| matches!(one["impact"].as_str(), Some("serious" | "critical")));
        grave.map(Value::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::AXE;
    use sha2::{Digest, Sha256};

    #[test]
    fn axe_is_what_its_makers_published() {
        let sum: Vec<String> = Sha256::digest(AXE).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sum.concat(), "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c");
        assert!(AXE.starts_with("/*! axe v4.14.1"));
    }
}
