//! Pure rules: who may manage whom, and what a user's fields must look like.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::MAX_CAPACITY;
use crate::auth::Role;
use crate::db::{PhoneNumber, UserId};
use crate::districts;
use crate::error::{Error, Result};

/// Most days of absence entered at once.
const MAX_ABSENCES: usize = 400;
/// Most districts of one agent.
const MAX_DISTRICTS: usize = 100;

/// Whether a person may create, change or deactivate a user of `role` led by `leader`: an admin
/// everybody, a manager everybody below, a team leader own agents.
pub fn may_manage(actor: (UserId, Role), role: Role, leader: Option<UserId>) -> bool {
    match actor.1 {
        Role::Admin => true,
        Role::SalesManager => !matches!(role, Role::Admin | Role::SalesManager),
        Role::TeamLeader => role == Role::Agent && leader == Some(actor.0),
        Role::Agent | Role::Support | Role::DeliveryCoordinator => false,
    }
}

/// A login name: lower case, 2 to 50 of a-z, digits, `.`, `_`, `-`.
pub fn login(text: &str) -> Result<String> {
    let login = text.trim().to_lowercase();
    let fits = (2..=50).contains(&login.len())
        && login.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
    if fits {
        Ok(login)
    } else {
        Err(Error::invalid(
            "invalid_login",
            "login",
            "A login has 2 to 50 letters a-z, digits, dots, dashes or underscores.",
        ))
    }
}

/// A display name: 1 to 100 characters.
pub fn name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid("invalid_name", "name", "A name has 1 to 100 characters."));
    }
    Ok(name.to_owned())
}

/// An own phone number in any spelling; empty is none.
pub fn phone(text: &str) -> Result<Option<String>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    PhoneNumber::parse(text).map(|p| Some(p.as_str().to_owned())).map_err(|_| {
        Error::invalid("invalid_phone", "phone", "This is not a phone number, e.g. 01712345678.")
    })
}

/// A PBX extension: 2 to 10 digits; empty is none.
pub fn extension(text: &str) -> Result<Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if (2..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(Some(text.to_owned()))
    } else {
        Err(Error::invalid("invalid_extension", "extension", "An extension has 2 to 10 digits."))
    }
}

/// Most call tasks a day: 0 to 200.
pub fn capacity(value: i64) -> Result<i64> {
    if (0..=MAX_CAPACITY).contains(&value) {
        Ok(value)
    } else {
        Err(Error::invalid(
            "invalid_capacity",
            "capacity",
            format!("An agent takes 0 to {MAX_CAPACITY} calls a day."),
        ))
    }
}

/// Districts by their official names, other places in lower case; each once, sorted.
pub fn districts(list: &[String]) -> Result<Vec<String>> {
    let set: BTreeSet<String> = list.iter().map(|d| place(d)).filter(|d| !d.is_empty()).collect();
    if set.len() > MAX_DISTRICTS || set.iter().any(|d| d.chars().count() > 100) {
        return Err(Error::invalid(
            "invalid_districts",
            "districts",
            format!("At most {MAX_DISTRICTS} districts of at most 100 characters each."),
        ));
    }
    Ok(set.into_iter().collect())
}

fn place(text: &str) -> String {
    districts::find(text)
        .map_or_else(|| text.trim().to_lowercase(), |district| district.name.to_owned())
}

/// Days of absence: from today on, each once, sorted.
pub fn absences(dates: &[NaiveDate], today: NaiveDate) -> Result<Vec<NaiveDate>> {
    let set: BTreeSet<NaiveDate> = dates.iter().copied().collect();
    if set.first().is_some_and(|first| *first < today) {
        return Err(Error::invalid(
            "date_in_past",
            "dates",
            "Absences are entered from today on; past days stay as they were.",
        ));
    }
    if set.len() > MAX_ABSENCES {
        return Err(Error::invalid(
            "too_many",
            "dates",
            format!("At most {MAX_ABSENCES} days at once."),
        ));
    }
    Ok(set.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};

    use super::*;

    #[test]
    fn authority_flows_downwards_only() {
        let (me, other) = (UserId(1), UserId(2));
        for role in Role::ALL {
            assert!(may_manage((me, Role::Admin), *role, None));
            let below = !matches!(role, Role::Admin | Role::SalesManager);
            assert_eq!(may_manage((me, Role::SalesManager), *role, Some(other)), below);
            let own = *role == Role::Agent;
            assert_eq!(may_manage((me, Role::TeamLeader), *role, Some(me)), own);
            assert!(!may_manage((me, Role::TeamLeader), *role, Some(other)));
            assert!(!may_manage((me, Role::TeamLeader), *role, None));
            for nobody in [Role::Agent, Role::Support, Role::DeliveryCoordinator] {
                assert!(!may_manage((me, nobody), *role, Some(me)));
            }
        }
    }

    #[test]
    fn fields_are_normalised_or_refused() {
        assert_eq!(login("  Rina.2 ").ok().as_deref(), Some("rina.2"));
        for bad in ["", "a", "রিনা", "two words", "a@b.c"] {
            assert_eq!(
                login(bad).err().map(|e| e.code().to_owned()).as_deref(),
                Some("invalid_login")
            );
        }
        assert!(name("  ").is_err() && name("a\nb").is_err());
        assert_eq!(name(" রিনা ").ok().as_deref(), Some("রিনা"));
        assert_eq!(phone("০১৭১২-৩৪৫৬৭৮").ok().flatten().as_deref(), Some("+8801712345678"));
        assert!(phone("12").is_err());
        assert_eq!(extension(" ").ok().flatten(), None);
        assert!(extension("20a").is_err() && extension("201").is_ok());
        assert!(capacity(-1).is_err() && capacity(201).is_err() && capacity(200).is_ok());
        let list = [" Dhaka".to_owned(), "dhaka ".to_owned(), String::new(), "ঢাকা".to_owned()];
        assert_eq!(districts(&list).ok(), Some(vec!["Dhaka".to_owned()]));
    }

    #[test]
    fn absences_begin_today() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("valid");
        let tomorrow = today + Days::new(1);
        assert_eq!(absences(&[tomorrow, today, today], today).ok(), Some(vec![today, tomorrow]));
        assert!(absences(&[today - Days::new(1)], today).is_err());
    }
}
