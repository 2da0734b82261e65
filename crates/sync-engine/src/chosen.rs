//! Making syncs and keys under ids that clients choose: a call that is repeated makes nothing twice.

use crate::error::{EngineError, EngineResult};
use crate::keys::new_secret;
use crate::vault::{Tagger, Vault};
use crate::{AccountScope, Engine};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use sync_core::chosen::{MadeKey, MadeSync};
use sync_core::id::{AccountId, KeyId, SyncId};
use sync_core::key::{ApiKey, Role};
use sync_core::patch::{SyncPatch, merge};
use sync_core::sync::{Sealed, Settings, SyncConfig};

impl AccountScope {
    /// As [`Self::create_sync`], under an id that the caller chose, see [`sync_core::chosen::chosen_id`]. A call with the same id and
    /// input makes nothing: it gives the sync as it stands now, edited or not.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] where the id is that of a sync made of another input, or of one that was deleted.
    pub async fn create_sync_once(
        &self,
        id: SyncId,
        patch: &SyncPatch,
        include_existing: bool,
    ) -> EngineResult<SyncConfig> {
        let config = self.checked(id, patch)?;
        let vault = &self.engine.inner.dispatching.vault;
        let input = |tagger: &Tagger<'_>| Input::of(tagger, (self.account, id), patch, include_existing);
        let said = serde_json::to_string(&input(&vault.tagger()))
            .map_err(|error| EngineError::Conflict(format!("the input cannot be remembered: {error}")))?;
        match self.store().create_sync_once(&config, include_existing, &said).await? {
            MadeSync::Made => Ok(config),
            MadeSync::Deleted => Err(EngineError::Conflict(
                "the sync with this id was deleted: choose another id, to make another sync".to_owned(),
            )),
            MadeSync::Taken(sync, made_of) => match objection(made_of.as_deref(), vault, input) {
                None => Ok(*sync),
                Some(why) => Err(EngineError::Conflict(format!(
                    "there is a sync with this id, and {why}: ask for it, or choose another id"
                ))),
            },
        }
    }
}

impl Engine {
    /// As [`Self::create_key`], under an id that the caller chose, see [`sync_core::chosen::chosen_id`]. A call with the same id and
    /// input gives the key a new secret, as long as nobody has used it and it is young.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] where the id is taken otherwise, see [`sync_core::chosen::KeyTaken`].
    pub async fn create_key_once(
        &self,
        account: AccountId,
        id: KeyId,
        name: &str,
        role: Role,
    ) -> EngineResult<(ApiKey, SecretString)> {
        let secret = new_secret();
        let key = ApiKey { id, ..self.checked_key(account, name, role, &secret)? };
        match self.store().create_key_once(&key).await? {
            MadeKey::Made(key) => {
                self.changed();
                Ok((key, secret))
            }
            MadeKey::Taken(why) => Err(EngineError::Conflict(why.to_string())),
        }
    }
}

/// Why a sync was not made of this input, in words.
fn objection(made_of: Option<&str>, vault: &Vault, input: impl Fn(&Tagger<'_>) -> Input) -> Option<String> {
    let Some(made_of) = made_of else { return Some("it was not made under an id that was chosen".to_owned()) };
    let known: Option<Input> = serde_json::from_str(made_of).ok();
    let Some((now, known)) = known.and_then(|known| Some((input(&vault.tagger_of(&known.key)?), known))) else {
        let why = "whether it was made of this input cannot be told any more, since the secret key is another";
        return Some(why.to_owned());
    };
    let differing = known.differs_in(&now);
    (!differing.is_empty()).then(|| format!("it was made of another input ({})", differing.join(", ")))
}

/// What tells an input from others: of each of its parts that is not at its default a hash, keyed with the secret key, so that nothing
/// can be guessed from it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Input {
    /// Whose hashes they are.
    key: String,
    parts: BTreeMap<String, String>,
}

impl Input {
    fn of(tagger: &Tagger<'_>, (account, id): (AccountId, SyncId), patch: &SyncPatch, include_existing: bool) -> Self {
        let tag = |part: &[u8], text: &[u8]| tagger.tag(&[account.0.as_bytes(), id.0.as_bytes(), part, text]);
        let seal = |secret: &SecretString| {
            use secrecy::ExposeSecret;
            Sealed { key_id: String::new(), ciphertext: tag(b"secret", secret.expose_secret().as_bytes()) }
        };
        let (name, settings) = match merge(None, patch, &seal) {
            Ok(merged) => (merged.friendly_name, merged.settings),
            Err(unmerged) => (String::new(), unmerged.settings),
        };
        let mut said = members(&settings);
        said.insert("friendly_name".to_owned(), Value::from(name));
        said.insert("include_existing".to_owned(), Value::from(include_existing));
        let defaults = members(&Settings::default());
        let parts =
            said.into_iter().filter(|(part, value)| defaults.get(part) != Some(value)).filter_map(|(part, value)| {
                let value = said_of(value)?;
                Some((field(&part), tag(part.as_bytes(), value.to_string().as_bytes())))
            });
        Self { key: tagger.key_id().to_owned(), parts: parts.collect() }
    }

    /// The fields in which two inputs differ.
    fn differs_in<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let mut fields: Vec<_> = self.parts.keys().chain(other.parts.keys()).map(String::as_str).collect();
        fields.sort_unstable();
        fields.dedup();
        fields.retain(|field| self.parts.get(*field) != other.parts.get(*field));
        fields
    }
}

fn members(settings: &Settings) -> BTreeMap<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// A value without what is null or false, as options are that an earlier version of this program did not know; `None`: it is all of
/// that.
fn said_of(value: Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Object(members) => {
            let said = members.into_iter().filter_map(|(name, value)| Some((name, said_of(value)?)));
            // By name, whatever the order in which the program writes them.
            Some(said.collect::<BTreeMap<_, _>>().into_iter().collect())
        }
        Value::Array(items) => Some(items.into_iter().map(|item| said_of(item).unwrap_or_default()).collect()),
        other => Some(other),
    }
}

/// A part as the API names it.
fn field(part: &str) -> String {
    match part {
        "create" => "createUsers".to_owned(),
        "update" => "updateUsers".to_owned(),
        "delete" => "deleteUsers".to_owned(),
        _ => {
            let mut words = part.split('_');
            let first = words.next().unwrap_or_default().to_owned();
            words.fold(first, |mut name, word| {
                let mut letters = word.chars();
                name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
                name.push_str(letters.as_str());
                name
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;
    use sync_core::patch::AuthenticationInput;
    use sync_core::person::Patch;
    use uuid::Uuid;

    fn patch(token: &str) -> SyncPatch {
        let bearer = AuthenticationInput::Bearer { token: token.into() };
        SyncPatch {
            friendly_name: Patch::Set("CRM".to_owned()),
            authentication: Patch::Set(bearer),
            ..SyncPatch::default()
        }
    }

    fn input(vault: &Vault, id: u128, patch: &SyncPatch, include_existing: bool) -> Input {
        let id = (AccountId(Uuid::from_u128(1)), SyncId(Uuid::from_u128(id)));
        Input::of(&vault.tagger(), id, patch, include_existing)
    }

    #[test]
    fn the_same_input_is_known_and_another_one_is_named() {
        let vault = Vault::new(SecretKey::generate(), []);
        let made = input(&vault, 1, &patch("secret"), false);
        assert_eq!(made, input(&vault, 1, &patch("secret"), false));
        let explicit = SyncPatch { follow_unique_id: Patch::Set(false), ..patch("secret") };
        assert_eq!(made, input(&vault, 1, &explicit, false), "what is left out means the default");
        let differs = |other: &Input| made.differs_in(other).join(" ");
        assert_eq!(differs(&input(&vault, 1, &patch("another"), false)), "authentication");
        let renamed = SyncPatch { friendly_name: Patch::Set("x".to_owned()), ..patch("secret") };
        assert_eq!(differs(&input(&vault, 1, &renamed, true)), "friendlyName includeExisting");
    }

    #[test]
    fn nothing_is_told_without_the_key() {
        let vault = Vault::new(SecretKey::generate(), []);
        let made = input(&vault, 1, &patch("secret"), false);
        assert_ne!(made.parts, input(&vault, 2, &patch("secret"), false).parts, "of another sync");
        let others = Vault::new(SecretKey::generate(), []);
        assert_ne!(made.parts, input(&others, 1, &patch("secret"), false).parts);
        assert!(others.tagger_of(&made.key).is_none());
        let text = serde_json::to_string(&made).unwrap();
        assert!(!text.contains("CRM") && !text.contains("secret"), "{text}");
    }
}
