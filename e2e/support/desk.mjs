// What tests of the agent's desk share.
import { logIn, person } from "./browser.mjs";
import { apiAs } from "./server.mjs";

/** The simulator answers these numbers and talks until somebody hangs up. */
export const talks = (task) => /[05789]$/.test(task.phone);

/** Today's calls for everybody. */
export async function plan(server) {
  const lead = await apiAs(server.url, "tl");
  await lead.post("/api/crm/team/ops/generate-calls");
  return lead;
}

/** An agent of the demo shop whose waiting tasks, in the order of the queue, are such, and those tasks. */
export async function agentWhose(server, such) {
  for (let n = 1; n <= 10; n += 1) {
    const api = await apiAs(server.url, `agent${n}`);
    const today = await api.get("/api/crm/automation/tasks/today");
    const tasks = today.items.filter((task) => task.status === "pending");
    if (such(tasks)) return { login: `agent${n}`, api, tasks };
  }
  throw new Error("no agent has such tasks");
}

/** Whether a task is the only one in the queue with that customer's name: tests choose by it. */
const named = (queue) => (task) =>
  queue.every((other) => other.id === task.id || !other.customerName?.includes(task.customerName));

/** An agent of the demo shop with waiting tasks that `fits` accepts, and those tasks. */
export async function agentWith(server, fits, least = 1) {
  const fitting = (queue) => queue.filter(fits).filter(named(queue));
  const found = await agentWhose(server, (queue) => fitting(queue).length >= least);
  return { ...found, tasks: fitting(found.tasks) };
}

/** The agent at the desk, with `task` chosen. */
export async function atDesk(browser, { url }, login, task, options) {
  const agent = await person(browser, url, options);
  await logIn(agent.page, login);
  if (task) await choose(agent.page, task);
  return agent;
}

export const queueOf = (page) => page.getByRole("region", { name: "Today’s calls" });

export async function choose(page, task) {
  await queueOf(page).getByRole("button", { name: task.customerName }).first().click();
  await page.getByRole("heading", { name: task.customerName }).waitFor();
}

/** Calls with the key and waits until the customer talks. */
export async function call(page) {
  await page.keyboard.press("c");
  await page.getByText("Connected").first().waitFor();
}

/** Types notes and waits until the server has them. */
export async function note(page, text, { saved = true } = {}) {
  await page.getByLabel(/^Notes/).fill(text);
  await page.getByLabel(/^Notes/).blur();
  if (saved) await page.getByText("✓").first().waitFor();
}
