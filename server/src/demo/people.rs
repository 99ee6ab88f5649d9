//! The demo shop's staff and customers.

use chrono::{Datelike as _, Duration, NaiveDate};

use super::rng::Rng;
use super::vocabulary::{DISTRICTS, District, NAMING, STREETS};
use crate::scripts::bangla_digits;

/// A member of staff.
#[derive(Clone, Debug)]
pub struct DemoUser {
    /// Login name.
    pub login: String,
    /// Display name.
    pub name: String,
    /// `admin`, `sales_manager`, `team_leader`, `agent`, `support`, `delivery_coordinator`.
    pub role: &'static str,
    /// PBX extension.
    pub extension: Option<String>,
    /// Team of an agent.
    pub team: Option<&'static str>,
    /// `junior`, `regular`, `senior`.
    pub seniority: &'static str,
    /// Districts an agent looks after first.
    pub districts: Vec<&'static str>,
}

/// A sales team; all report to `tl`.
#[derive(Clone, Copy, Debug)]
pub struct DemoTeam {
    /// `A` … `E`.
    pub code: &'static str,
    /// Display name.
    pub name: &'static str,
}

/// The five teams (SPEC §10.1).
pub const TEAMS: &[DemoTeam] = &[
    DemoTeam { code: "A", name: "নতুন গ্রাহক" },
    DemoTeam { code: "B", name: "দ্বিতীয়বার" },
    DemoTeam { code: "C", name: "তৃতীয়বার" },
    DemoTeam { code: "D", name: "নিয়মিত" },
    DemoTeam { code: "E", name: "ভিআইপি ও পার্মানেন্ট" },
];

/// The staff: everyone but the agents, then `agent1` … `agent10`, two a team.
pub(super) fn users() -> Vec<DemoUser> {
    let office = |login: &str, name: &str, role, extension: &str| DemoUser {
        login: login.to_owned(),
        name: name.to_owned(),
        role,
        extension: Some(extension.to_owned()),
        team: None,
        seniority: "regular",
        districts: Vec::new(),
    };
    let mut users = vec![
        office("admin", "সাইফুল ইসলাম", "admin", "100"),
        office("manager", "তাহমিনা চৌধুরী", "sales_manager", "101"),
        office("tl", "মাহবুব আলম", "team_leader", "102"),
        office("support", "নাজমা খানম", "support", "110"),
        office("delivery", "জসিম উদ্দিন", "delivery_coordinator", "111"),
    ];
    let agents = [
        "সুমাইয়া আক্তার",
        "তানভীর হাসান",
        "ফারহানা ইয়াসমিন",
        "রাশেদ খান",
        "নুসরাত জাহান",
        "ইমরান হোসেন",
        "শারমিন সুলতানা",
        "আরিফ রহমান",
        "রোকসানা পারভীন",
        "মেহেদী হাসান",
    ];
    users.extend(agents.iter().zip(0usize..).map(|(name, i)| {
        // The first of each team knows Dhaka and its surroundings, the second the rest.
        let near = |d: &&District| matches!(d.name, "ঢাকা" | "গাজীপুর" | "নারায়ণগঞ্জ" | "টাঙ্গাইল");
        let districts =
            DISTRICTS.iter().filter(|d| near(d) == (i % 2 == 0)).map(|d| d.name).collect();
        let team = TEAMS[i / 2].code;
        DemoUser {
            login: format!("agent{}", i + 1),
            name: (*name).to_owned(),
            role: "agent",
            extension: Some((201 + i).to_string()),
            team: Some(team),
            seniority: match (team, i % 2) {
                ("E", _) | ("D", 0) => "senior",
                ("A", 1) => "junior",
                _ => "regular",
            },
            districts,
        }
    }));
    users
}

/// A customer as entered; the figures follow from the orders.
#[derive(Clone, Debug)]
pub struct DemoCustomer {
    /// Full name, in Bangla.
    pub name: String,
    /// E.164, unique.
    pub phone: String,
    /// E-mail, on a reserved domain.
    pub email: Option<String>,
    /// House, street, area and district, in Bangla.
    pub address: String,
    /// District, in Bangla.
    pub district: &'static str,
    /// Neighbourhood.
    pub city: &'static str,
    /// Date of birth.
    pub birthday: Option<NaiveDate>,
    /// Wedding anniversary.
    pub anniversary: Option<NaiveDate>,
    /// `male`, `female`.
    pub gender: &'static str,
    /// `bhai`, `apu`, `dada`, `didi`.
    pub greeting: &'static str,
    /// Why not to call, if so.
    pub do_not_call: Option<&'static str>,
    /// May be called.
    pub consent_call: bool,
    /// May be sent SMS.
    pub consent_sms: bool,
    /// May be written to by WhatsApp.
    pub consent_whatsapp: bool,
    /// Which of the team's two agents looks after this customer; `None`: the team leader's pool.
    pub agent_of_team: Option<usize>,
    /// Index of the customer who brought this one.
    pub referrer: Option<usize>,
}

/// Distinct for every index below a hundred million: multiplication by a unit modulo 10^8.
fn phone(index: usize, rng: &mut Rng) -> String {
    let number = (index as u64 * 48_271_937 + 12_345_679) % 100_000_000;
    let operator = rng.pick(b"3456789");
    format!("+8801{}{number:08}", char::from(operator))
}

fn birth_date(today: NaiveDate, index: usize, rng: &mut Rng) -> NaiveDate {
    let year = today.year() - rng.between(21, 66) as i32;
    // One in two hundred has a birthday today, so that there is always somebody to wish.
    if index % 200 == 17 {
        return today.with_year(year).unwrap_or(today - Duration::days(12_000));
    }
    let start = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(today);
    start + Duration::days(rng.between(0, 364))
}

/// A customer's person and address.
pub(super) fn customer(seed: u64, index: usize, today: NaiveDate) -> DemoCustomer {
    let mut rng = Rng::new(seed, "customer", index as u64);
    let naming = &NAMING[rng.weighted(NAMING.iter().map(|n| n.weight))];
    let woman = rng.chance(0.56);
    let (first, last) =
        if woman { (naming.women, naming.women_last) } else { (naming.men, naming.men_last) };
    let first = rng.pick(first);
    let mut second = rng.pick(last);
    while first.ends_with(second) {
        second = rng.pick(last);
    }
    let district = &DISTRICTS[rng.weighted(DISTRICTS.iter().map(|d| d.weight))];
    let city = rng.pick(district.areas);
    let house = rng.between(1, 140);
    let address = if matches!(district.name, "ঢাকা" | "চট্টগ্রাম" | "সিলেট")
    {
        let road = rng.between(1, 27);
        format!("বাড়ি {house}, রোড {road}, {city}, {}", district.name)
    } else {
        format!("{house} {}, {city}, {}", rng.pick(STREETS), district.name)
    };
    let birthday =
        (index % 200 == 17 || rng.chance(0.62)).then(|| birth_date(today, index, &mut rng));
    let anniversary = rng.chance(0.18).then(|| today - Duration::days(rng.between(400, 9_000)));
    let refusal = ["আর ফোন না করতে বলেছেন", "ভুল নম্বর বলে জানিয়েছেন", "অন্য শহরে চলে গেছেন"];
    DemoCustomer {
        name: format!("{first} {second}"),
        phone: phone(index, &mut rng),
        email: rng.chance(0.22).then(|| format!("customer{index}@example.com")),
        address: bangla_digits(&address),
        district: district.name,
        city,
        birthday,
        anniversary,
        gender: if woman { "female" } else { "male" },
        greeting: naming.greetings[usize::from(woman)],
        do_not_call: rng.chance(0.015).then(|| rng.pick(&refusal)),
        consent_call: rng.chance(0.98),
        consent_sms: rng.chance(0.96),
        consent_whatsapp: rng.chance(0.85),
        agent_of_team: rng.chance(0.78).then(|| rng.between(0, 1) as usize),
        referrer: (index > 50 && rng.chance(0.05))
            .then(|| rng.between(0, index as i64 - 1) as usize),
    }
}
