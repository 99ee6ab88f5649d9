//! Who gets a message instead of a call (SPEC §3.5): the cold of low value, whoever agreed to messages
//! alone, and whoever nobody has room to call; the most valuable first.

use super::Sorted;
use super::candidates::Found;
use super::catalogue::Catalogue;
use crate::messages::Channel;
use crate::messages::store::NewMessage;
use crate::tasks::plan::{Candidate, Plan, main_motive, value};

/// A message to write.
pub(super) struct Letter<'a> {
    pub(super) found: &'a Found,
    /// Which motive it is about.
    main: usize,
    channel: Channel,
}

/// At most `most` messages a day, those asked for before included.
pub(super) fn choose<'a>(sorted: &'a Sorted, plan: &Plan, most: u32) -> Vec<Letter<'a>> {
    let room = (most as usize).saturating_sub(sorted.asked.len());
    if room == 0 {
        return Vec::new();
    }
    let uncalled = plan.left_out.iter().map(|&(at, _)| (&sorted.found[at], &sorted.candidates[at]));
    let written = sorted.written.iter().map(|(found, candidate)| (found, candidate));
    let mut ranked: Vec<(f64, &Candidate, Letter<'_>)> = uncalled
        .chain(written)
        .filter(|(found, _)| !sorted.asked.contains(&found.customer.id))
        .filter_map(|(found, candidate)| {
            let channel = found.customer.channel?;
            let main = main_motive(&candidate.motives);
            let worth = value(&candidate.motives, candidate.average_order);
            Some((worth, candidate, Letter { found, main, channel }))
        })
        .collect();
    let order = |a: &(f64, &Candidate, _), b: &(f64, &Candidate, _)| {
        b.0.total_cmp(&a.0).then_with(|| a.1.customer.cmp(&b.1.customer))
    };
    if ranked.len() > room {
        ranked.select_nth_unstable_by(room - 1, order);
        ranked.truncate(room);
    }
    ranked.sort_unstable_by(order);
    ranked.into_iter().map(|(_, _, letter)| letter).collect()
}

/// What is asked for; not where the reason is gone, bought a moment ago.
pub(super) fn wording(letters: &[Letter<'_>], catalogue: &Catalogue) -> Vec<NewMessage> {
    letters
        .iter()
        .filter_map(|letter| {
            let point = catalogue.points(letter.found).into_iter().nth(letter.main)??;
            Some(NewMessage {
                customer: letter.found.customer.id,
                channel: letter.channel,
                kind: point.kind,
                params: point.reason.params,
            })
        })
        .collect()
}
