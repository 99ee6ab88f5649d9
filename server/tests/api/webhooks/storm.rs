//! A PBX on a bad line: calls of several kinds whose events are lost, repeated, late, out of order,
//! spelt differently and sent to either endpoint, by chance. What arrived decides the row, not how.
//! The seed is in the message of a failure.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures::stream::{self, StreamExt as _};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Map, Value, json};
use trustcart::auth::Role;
use trustcart::calls::store::{self, NewCall};
use trustcart::calls::view;
use trustcart::db::{CallId, CustomerId, PhoneNumber, Sql, TaskId};
use trustcart::telephony::{Mode, ProviderKind};

use super::{ANSWERED, ENDED, GENERIC, INCOMING, MISSED, RECORDING, ok};
use crate::support::{Person, TestApp, both, test_now};

/// Calls played in sequence, and at once, on each database.
const CASES: u64 = 25;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Story {
    /// A customer rings and is answered.
    Answered,
    /// A customer rings in vain.
    Missed,
    /// The same, but the PBX does not say which call it was that nobody took.
    MissedUnnamed,
    /// An agent's call for a task, answered.
    Dialled,
    /// The same, and the customer is busy.
    Busy,
}

const STORIES: [Story; 5] =
    [Story::Answered, Story::Missed, Story::MissedUnnamed, Story::Dialled, Story::Busy];

/// What an event says, under the contract's names, and when.
type Said = (&'static str, &'static [(&'static str, &'static str)], i64);

impl Story {
    const fn outbound(self) -> bool {
        matches!(self, Self::Dialled | Self::Busy)
    }

    /// Its events in order; `FROM`, `EXT` and `ID` are filled in.
    const fn events(self) -> &'static [Said] {
        const TALK: &[(&str, &str)] = &[("id", "ID"), ("duration", "35"), ("reason", "completed")];
        const RECORDED: &[(&str, &str)] =
            &[("id", "ID"), ("url", "https://pbx.example/a.mp3"), ("recorded", "35")];
        match self {
            Self::Answered => &[
                ("incoming_call", &[("id", "ID"), ("from", "FROM"), ("extension", "EXT")], 0),
                ("call_answered", &[("id", "ID"), ("extension", "EXT")], 10),
                ("call_ended", TALK, 45),
                ("call_recording_ready", RECORDED, 50),
            ],
            Self::Missed => &[
                ("incoming_call", &[("id", "ID"), ("from", "FROM"), ("extension", "EXT")], 0),
                ("call_ringing", &[("id", "ID")], 1),
                ("call_missed", &[("id", "ID"), ("from", "FROM"), ("extension", "EXT")], 25),
            ],
            Self::MissedUnnamed => &[
                ("incoming_call", &[("id", "ID"), ("from", "FROM"), ("extension", "EXT")], 0),
                ("call_missed", &[("from", "FROM"), ("extension", "EXT")], 25),
            ],
            Self::Dialled => &[
                ("call_ringing", &[("id", "ID")], 2),
                ("call_answered", &[("id", "ID"), ("extension", "EXT")], 10),
                ("call_ended", TALK, 45),
                ("call_recording_ready", RECORDED, 50),
            ],
            Self::Busy => &[
                ("call_ringing", &[("id", "ID")], 2),
                ("call_ended", &[("id", "ID"), ("reason", "busy")], 4),
            ],
        }
    }
}

/// Names a PBX may use for what we call `name`, and a number as text or not.
fn aliases(name: &str) -> &'static [&'static str] {
    match name {
        "id" => {
            &["bracknet_call_id", "bracknetCallId", "callId", "call_id", "externalCallId", "id"]
        }
        "from" => &["from", "customer_number", "customerPhone", "caller", "caller_number"],
        "extension" => &["agent_extension", "toExtension", "to_extension", "extension"],
        "duration" => &["duration", "duration_seconds", "durationSeconds", "billsec"],
        "reason" => &["end_reason", "endReason", "reason", "disposition", "hangup_cause"],
        "url" => &["recording_url", "recordingUrl", "url"],
        "recorded" => &["recording_duration", "recordingDuration", "duration"],
        "time" => &["timestamp", "time", "occurred_at", "occurredAt"],
        "event" => &["event", "event_type", "eventType", "event_name"],
        other => panic!("no names for {other}"),
    }
}

fn path_of(event: &str) -> &'static str {
    match event {
        "incoming_call" => INCOMING,
        "call_answered" => ANSWERED,
        "call_ended" => ENDED,
        "call_recording_ready" => RECORDING,
        "call_missed" => MISSED,
        _ => GENERIC,
    }
}

/// Other spellings of an event's name.
fn spelt(rng: &mut StdRng, event: &str) -> String {
    match rng.random_range(0..4) {
        0 => event.replace('_', "-"),
        1 => event.to_uppercase(),
        2 => event.trim_start_matches("call_").to_owned(),
        _ => event.to_owned(),
    }
}

/// A call about to be played.
struct Played {
    story: Story,
    external: String,
    phone: String,
    extension: String,
    stamped: bool,
    task: Option<TaskId>,
}

impl Played {
    fn value(&self, template: &str) -> String {
        match template {
            "ID" => self.external.clone(),
            "FROM" => self.phone.clone(),
            "EXT" => self.extension.clone(),
            other => other.to_owned(),
        }
    }

    /// One way of sending the `index`th event.
    fn request(&self, rng: &mut StdRng, index: usize) -> (&'static str, Value) {
        let (event, fields, second) = self.story.events()[index];
        let own = path_of(event);
        let path = if rng.random_bool(0.4) { GENERIC } else { own };
        let mut body = Map::new();
        if path == GENERIC || rng.random_bool(0.5) {
            let name = aliases("event").choose(rng).expect("a name");
            body.insert((*name).to_owned(), json!(spelt(rng, event)));
        }
        for (field, template) in fields {
            let name = aliases(field).choose(rng).expect("a name");
            let value = self.value(template);
            let value = match value.parse::<i64>() {
                Ok(number) if *field != "from" && rng.random_bool(0.5) => json!(number),
                _ => json!(value),
            };
            body.insert((*name).to_owned(), value);
        }
        if self.stamped {
            let at = begun() + TimeDelta::seconds(second);
            let name = aliases("time").choose(rng).expect("a name");
            body.insert((*name).to_owned(), stamp(rng, at));
        }
        (path, Value::Object(body))
    }
}

/// When every call begins, by the PBX's clock.
fn begun() -> DateTime<Utc> {
    test_now() - TimeDelta::minutes(5)
}

/// The same instant, written in one way or another.
fn stamp(rng: &mut StdRng, at: DateTime<Utc>) -> Value {
    match rng.random_range(0..4) {
        0 => json!(at.timestamp()),
        1 => json!(at.timestamp_millis()),
        // The company's time, without its zone.
        2 => json!((at + TimeDelta::hours(6)).format("%Y-%m-%d %H:%M:%S").to_string()),
        _ => json!(at.to_rfc3339_opts(SecondsFormat::Secs, true)),
    }
}

struct Stage<'a> {
    app: &'a TestApp,
    leader: Person,
    team: trustcart::db::TeamId,
    calls: u32,
}

impl<'a> Stage<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        Self { app, leader, team, calls: 0 }
    }

    /// A call with an agent, a customer and a task of its own.
    async fn call(&mut self, story: Story, stamped: bool) -> Played {
        self.calls += 1;
        let n = self.calls;
        let (phone, extension) = (format!("+88017{n:08}"), format!("{}", 3000 + n));
        let agent = self.app.agent(&format!("agent{n}"), self.team, &self.leader, &extension).await;
        let customer = self.app.customer("Rahima", &phone, Some(&agent), Some(&self.leader)).await;
        let external = format!("BN-{n}");
        let mut task = None;
        if story.outbound() {
            let id = self.app.task(customer, &agent, "2026-11-21", "pending").await;
            self.dialled(&agent, customer, id, &phone, &external).await;
            task = Some(id);
        }
        Played { story, external, phone, extension, stamped, task }
    }

    /// The row that an agent's click on "Call" makes.
    async fn dialled(
        &self,
        agent: &Person,
        customer: CustomerId,
        task: TaskId,
        phone: &str,
        external: &str,
    ) {
        let new = NewCall {
            agent: agent.id,
            extension: agent.extension.clone(),
            phone: PhoneNumber::parse(phone).expect("a number"),
            task: Some(task),
            customer: Some(customer),
            owner: None,
            provider: ProviderKind::Bracknet,
            mode: Mode::Live,
            external_call_id: Some(external.to_owned()),
            idempotency_key: None,
        };
        let mut tx = self.app.state.db.begin().await.expect("begins");
        store::insert(&mut tx, &new, begun(), begun())
            .await
            .expect("inserts")
            .expect("nobody is on a call");
        self.app.state.commit(tx).await.expect("commits");
    }

    /// All that must be the same for two calls with the same story.
    async fn outcome(&self, call: &Played) -> Value {
        let mut tx = self.app.state.db.read().await.expect("reads");
        let ids: Vec<(i64,)> = tx
            .all(
                Sql::new("SELECT id FROM telephony_calls WHERE customer_phone = $1 OR external_call_id = $2")
                    .bind(&call.phone)
                    .bind(&call.external),
            )
            .await
            .expect("reads");
        assert_eq!(ids.len(), 1, "one row a call: {:?} {}", call.story, call.external);
        let id = CallId(ids[0].0);
        let row = view::one(&mut tx, id).await.expect("reads").expect("the call");
        let mut row = serde_json::to_value(row).expect("serialises");
        let own = [
            "id",
            "externalCallId",
            "customerPhone",
            "customerId",
            "customerName",
            "agentUserId",
            "agentName",
            "agentExtension",
            "taskId",
        ];
        let knows_agent = row["agentUserId"].is_number();
        for key in own {
            row.as_object_mut().expect("an object").remove(key);
        }
        row["knowsAgent"] = json!(knows_agent);
        let sql = Sql::new("SELECT summary FROM customer_interactions WHERE ref = $1");
        let timeline: Vec<(String,)> =
            tx.all(sql.bind(format!("call:{id}"))).await.expect("the timeline");
        assert!(timeline.len() <= 1, "{timeline:?}");
        row["timeline"] = json!(timeline.first().map(|entry| &entry.0));
        if let Some(task) = call.task {
            let task = trustcart::tasks::store::get(&mut tx, task).await.expect("the task");
            let lines = task.call_summary.unwrap_or_default();
            row["summary"] = json!(lines.replace(&format!("[call {id}]"), "[call]"));
        }
        let sql = Sql::new(
            "SELECT COUNT(*) FROM crm_call_tasks
             WHERE kind = 'missed_call' AND status = 'pending' AND phone = $1",
        );
        let missed: i64 = tx.scalar(sql.bind(&call.phone)).await.expect("a count");
        assert_eq!(missed, i64::from(row["status"] == "missed"), "{:?} {row:#}", call.story);
        row
    }
}

/// A choice of events, so that something says when the call was.
fn arriving(rng: &mut StdRng, story: Story) -> Vec<usize> {
    let all = story.events();
    loop {
        let some: Vec<usize> = (0..all.len()).filter(|_| rng.random_bool(0.8)).collect();
        if some.iter().any(|i| all[*i].0 != "call_recording_ready") {
            return some;
        }
    }
}

/// The same events, some of them more than once, in any order.
fn disturbed(rng: &mut StdRng, events: &[usize]) -> Vec<usize> {
    let mut sent: Vec<usize> = events.to_vec();
    for event in events {
        sent.extend(std::iter::repeat_n(*event, rng.random_range(0..3)));
    }
    sent.shuffle(rng);
    sent
}

both! {
    async fn what_arrived_decides_not_when_or_how_often(app: TestApp) {
        let mut stage = Stage::new(&app).await;
        for seed in 0..CASES {
            let mut rng = StdRng::seed_from_u64(seed);
            let story = *STORIES.choose(&mut rng).expect("a story");
            // The unnamed miss is found by its time.
            let stamped = story == Story::MissedUnnamed || rng.random_bool(0.6);
            let events = arriving(&mut rng, story);
            let mut outcomes = Vec::new();
            for way in 0..3 {
                app.state.clock.set(test_now());
                let call = stage.call(story, stamped).await;
                let order = if way == 0 { events.clone() } else { disturbed(&mut rng, &events) };
                for index in &order {
                    let (path, body) = call.request(&mut rng, *index);
                    ok(&app, path, body).await;
                    if stamped && way > 0 {
                        let later = TimeDelta::seconds(rng.random_range(0..90));
                        app.state.clock.set(app.state.clock.now() + later);
                    }
                }
                outcomes.push((order, stage.outcome(&call).await));
            }
            for (order, outcome) in &outcomes {
                assert_eq!(
                    outcome, &outcomes[0].1,
                    "seed {seed}: {story:?}, stamped {stamped}: {:?} and {order:?}", outcomes[0].0
                );
            }
        }
    }

    async fn nor_over_how_many_connections(app: TestApp) {
        let mut stage = Stage::new(&app).await;
        let mut rng = StdRng::seed_from_u64(471_100);
        let mut pairs = Vec::new();
        let mut requests = Vec::new();
        for n in 0..CASES as usize {
            let story = STORIES[n % STORIES.len()];
            let events = arriving(&mut rng, story);
            let orderly = stage.call(story, true).await;
            for index in &events {
                let (path, body) = orderly.request(&mut rng, *index);
                ok(&app, path, body).await;
            }
            let stormy = stage.call(story, true).await;
            for index in disturbed(&mut rng, &events) {
                requests.push(stormy.request(&mut rng, index));
            }
            pairs.push((orderly, stormy, events));
        }
        requests.shuffle(&mut rng);
        let app = &app;
        stream::iter(requests)
            .map(|(path, body)| async move { ok(app, path, body).await })
            .buffer_unordered(32)
            .collect::<Vec<()>>()
            .await;
        for (orderly, stormy, events) in &pairs {
            let (left, right) = (stage.outcome(orderly).await, stage.outcome(stormy).await);
            assert_eq!(left, right, "{:?} {events:?}", orderly.story);
        }
    }
}
