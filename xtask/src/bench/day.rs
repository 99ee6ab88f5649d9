//! Agents at work: call, talk, hang up, outcome.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::server::{Server, Session};

/// Calls each agent works.
const CALLS: usize = 10;
/// A simulated call reaches its next state within this.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each agent calls the first customers of the queue, one after the other, all agents at once; what
/// that came to.
pub fn work(server: &Server, agents: &[String]) -> anyhow::Result<String> {
    let sessions =
        agents.iter().map(|login| server.login(login)).collect::<anyhow::Result<Vec<_>>>()?;
    let begun = Instant::now();
    let done = std::thread::scope(|scope| -> anyhow::Result<[usize; 2]> {
        let threads: Vec<_> =
            sessions.iter().map(|agent| scope.spawn(|| queue(server, agent))).collect();
        let mut done = [0; 2];
        for thread in threads {
            let Ok(worked) = thread.join() else { bail!("an agent's thread panicked") };
            let worked = worked?;
            done = [done[0] + worked[0], done[1] + worked[1]];
        }
        Ok(done)
    })?;
    let took = begun.elapsed().as_secs_f64();
    Ok(format!("{} calls, {} of them orders, in {took:.2} s", done[0], done[1]))
}

fn queue(server: &Server, agent: &Session) -> anyhow::Result<[usize; 2]> {
    let queue = server.get(agent, "/api/crm/automation/tasks/today")?;
    let tasks = queue["items"].as_array().context("a queue")?;
    let products = server.get(agent, "/api/cdm/products?active=true")?;
    let product = products["items"][0]["id"].as_i64().context("a product")?;
    let mut done = [0; 2];
    for task in tasks.iter().filter(|task| task["status"] == "pending").take(CALLS) {
        done[0] += 1;
        done[1] += usize::from(call(server, agent, task, product)?);
    }
    Ok(done)
}

/// Works one task; whether it became an order.
fn call(server: &Server, agent: &Session, task: &Value, product: i64) -> anyhow::Result<bool> {
    let begun = json!({"taskId": task["id"], "agentUserId": agent.user_id, "outsideHours": true});
    let call = server.post(agent, "/api/telephony/calls/initiate", &begun)?;
    let path = format!("/api/telephony/calls/{}", call["telephonyCallId"]);
    let reached = until(server, agent, &path, &["initiated", "ringing"])?;
    let answered = reached == "answered";
    if answered {
        server.post(agent, &format!("{path}/hangup"), &json!({}))?;
        until(server, agent, &path, &["answered"])?;
    }
    let outcome = if answered {
        json!({"status": "completed", "outcome": "ordered",
               "order": {"lines": [{"productId": product, "quantity": 1}]}})
    } else {
        json!({"status": "completed", "outcome": "no_response"})
    };
    let path = format!("/api/crm/automation/tasks/{}/status", task["id"]);
    let after = server.put(agent, &path, &outcome)?;
    anyhow::ensure!(after["status"] == "completed", "the task is {}", after["status"]);
    Ok(answered)
}

/// Waits until the call is in none of these states any more; the state it is in then.
fn until(server: &Server, who: &Session, path: &str, not: &[&str]) -> anyhow::Result<String> {
    let begun = Instant::now();
    loop {
        let call = server.get(who, path)?;
        let status = call["status"].as_str().context("a status")?;
        if !not.contains(&status) {
            return Ok(status.to_owned());
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "the call stays {status}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
