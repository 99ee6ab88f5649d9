//! A database of the version before, with customers who have several open tasks and call summaries
//! among the notes.

use serde_json::{Value, json};
use trustcart::db::{CustomerId, Sql, TaskId};

use super::{TWICE, kinds, task};
use crate::support::{Person, TestApp, both, today};

/// A task as it could stand before.
async fn old_task(
    app: &TestApp,
    agent: &Person,
    customer: CustomerId,
    (kind, origin, status): (&str, &str, &str),
    (due, notes): (Option<&str>, Option<&str>),
    points: Value,
) -> TaskId {
    let mut tx = app.state.db.begin().await.expect("begins");
    let due = due.map(|due| due.parse::<chrono::DateTime<chrono::Utc>>().expect("an instant"));
    let id = tx
        .scalar(
            Sql::new(
                "INSERT INTO crm_call_tasks (customer_id, phone, task_date, kind, reason,
                   talking_points, origin, priority, score, temperature, recommended_products,
                   script_key, assigned_to, status, due_at, notes, created_at, updated_at)
                 SELECT id, phone, $1, $2, $2, $3, $4, 2, 1.0, 'warm', $5, 'reminder', $6, $7, $8, $9,
                   $10, $10 FROM customers WHERE id = $11 RETURNING id",
            )
            .bind(today())
            .bind(kind)
            .bind(points)
            .bind(origin)
            .bind(json!([]))
            .bind(agent.id)
            .bind(status)
            .bind(due)
            .bind(notes)
            .bind(app.state.clock.now())
            .bind(customer),
        )
        .await
        .expect("a task");
    tx.commit().await.expect("commits");
    id
}

fn point(kind: &str, note: &str) -> Value {
    json!({"kind": kind, "reason": {"code": kind, "params": {"note": note}}})
}

/// Undoes what the migrations from 38 on did to the schema, and runs them again.
async fn upgraded(app: &TestApp, prepare: impl AsyncFnOnce()) {
    for sql in [
        "DROP INDEX crm_call_tasks_one_open",
        "DROP INDEX crm_call_tasks_one_open_phone",
        "CREATE UNIQUE INDEX crm_call_tasks_missed_phone ON crm_call_tasks (phone) WHERE kind = 'missed_call' AND status = 'pending'",
        "CREATE UNIQUE INDEX crm_call_tasks_missed_customer ON crm_call_tasks (customer_id) WHERE kind = 'missed_call' AND status = 'pending'",
        "CREATE INDEX crm_call_tasks_customer_open ON crm_call_tasks (customer_id, task_date) WHERE status IN ('pending', 'in_progress')",
        "ALTER TABLE telephony_calls ADD COLUMN summarised BOOLEAN NOT NULL DEFAULT FALSE",
    ] {
        app.execute(sql).await;
    }
    prepare().await;
    let [one_open, words] = if app.state.db.is_postgres() {
        [
            include_str!("../../../migrations/postgres/0038_one_open_task.sql"),
            include_str!("../../../migrations/postgres/0039_words_of_people.sql"),
        ]
    } else {
        [
            include_str!("../../../migrations/sqlite/0038_one_open_task.sql"),
            include_str!("../../../migrations/sqlite/0039_words_of_people.sql"),
        ]
    };
    for script in [one_open, words] {
        let mut tx = app.state.db.begin().await.expect("begins");
        for statement in script.split_inclusive(";\n").filter(|text| !text.trim().is_empty()) {
            tx.execute(Sql::new(statement.to_owned())).await.expect("migrates");
        }
        tx.commit().await.expect("commits");
    }
}

both! {
    async fn open_twice_becomes_one_with_every_reason_note_and_call(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        let alone = app.due_customer(2, &floor.lead).await;
        let due = Some("2026-11-21T10:00:00Z");
        let mut ids = Vec::new();
        upgraded(&app, async || {
            for (agent, what, when, points) in [
                (&floor.a, ("reminder", "plan", "pending"), (None, None), json!([point("reminder", "rice")])),
                (&floor.a, ("follow_up", "promise", "pending"), (due, Some("honey")), json!([point("follow_up", "honey")])),
                (&floor.d, ("complaint", "manual", "pending"), (None, Some("late")), json!([point("complaint", "late")])),
                (&floor.d, ("complaint", "manual", "pending"), (None, Some("late")), json!([point("complaint", "late")])),
                (&floor.d, ("complaint", "manual", "completed"), (None, Some("done")), json!([])),
            ] {
                ids.push(old_task(&app, agent, customer, what, when, points).await);
            }
            let other = json!([point("reminder", "oil")]);
            ids.push(old_task(&app, &floor.a, alone, ("reminder", "plan", "pending"), (None, None), other).await);
            let call = app.call_of(floor.d.id, customer, "completed").await;
            let link = Sql::new("UPDATE telephony_calls SET task_id = $1 WHERE id = $2");
            app.execute(link.bind(ids[2]).bind(call)).await;
            let begun = Sql::new("UPDATE crm_call_tasks SET attempts = 1 WHERE id = $1");
            app.execute(begun.bind(ids[2])).await;
        })
        .await;
        let kept = task(&app, &floor.a, ids[1]).await;
        assert_eq!(kinds(&kept), ["complaint", "follow_up", "reminder"]);
        assert_eq!((&kept["kind"], &kept["scriptKey"], &kept["promised"]), (&json!("complaint"), &json!("complaint"), &json!(true)));
        assert_eq!((&kept["dueAt"], &kept["assignedTo"]), (&json!("2026-11-21T10:00:00Z"), &json!(floor.a.id)));
        assert_eq!((&kept["notes"], kept["callIds"].as_array().map(Vec::len)), (&json!("honey\nlate"), Some(1)));
        for merged in [ids[0], ids[2], ids[3]] {
            let merged = task(&app, &floor.lead, merged).await;
            assert_eq!((&merged["status"], &merged["cancelReason"]), (
                &json!("cancelled"), &json!({"code": "merged", "params": {"taskId": ids[1]}}),
            ));
        }
        assert_eq!(task(&app, &floor.d, ids[4]).await["status"], "completed", "what is closed stays as it is");
        assert_eq!(task(&app, &floor.a, ids[5]).await["kind"], "reminder");
        assert_eq!(app.number(TWICE).await, 0);
    }

    async fn the_task_in_work_stays_and_call_summaries_leave_the_notes(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        let words = "wants honey\n[call 7] 2026-11-20 16:30 completed 2:15 (completed)\n[call me] at home";
        let mut ids = Vec::new();
        upgraded(&app, async || {
            let summary = "[call 8] 2026-11-21 09:00 busy (busy)";
            let promise = json!([point("follow_up", summary)]);
            ids.push(old_task(&app, &floor.a, customer, ("follow_up", "promise", "pending"), (None, Some(summary)), promise).await);
            let missed = json!([point("missed_call", "at noon")]);
            ids.push(old_task(&app, &floor.a, customer, ("missed_call", "missed_call", "in_progress"), (None, Some(words)), missed).await);
        })
        .await;
        let kept = task(&app, &floor.a, ids[1]).await;
        assert_eq!((&kept["status"], &kept["notes"]), (&json!("in_progress"), &json!("wants honey\n[call me] at home")));
        assert_eq!(kept["talkingPoints"][1]["reason"]["params"], json!({}), "a summary is nobody's word");
    }
}
