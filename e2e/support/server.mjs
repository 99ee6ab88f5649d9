// The real binary on a fresh database with demo data, on a port of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

export const PASSWORD = "demo-password-for-tests";

export const BINARY =
  process.env.TRUSTCART_BIN ?? path.resolve(import.meta.dirname, "../../target/debug/trustcart");

/** Starts the server; `dir` and `port` of an earlier one start it again on the same data and address. */
export async function startServer({ dir, port = 0, env = {} } = {}) {
  const data = dir ?? (await mkdtemp(path.join(tmpdir(), "trustcart-e2e-")));
  const child = spawn(BINARY, [], {
    env: {
      PATH: process.env.PATH,
      TRUSTCART_DATA_DIR: data,
      TRUSTCART_LISTEN: `127.0.0.1:${port}`,
      TRUSTCART_DEMO_PASSWORD: PASSWORD,
      TRUSTCART_SIMULATOR_SPEED: "4",
      RUST_LOG: "warn",
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const found = /is at (http:\/\/\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${text}`)));
  });
  if (!dir) await openAllDay(url);
  return {
    url,
    port: Number(new URL(url).port),
    dir: data,
    /** Stops it as an operator would, or, with SIGKILL, as a power cut would. */
    async stop(signal = "SIGTERM") {
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
    },
    async discard() {
      if (child.exitCode === null && child.signalCode === null) await this.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Tests call customers at whatever hour they run. */
async function openAllDay(url) {
  const manager = await apiAs(url, "manager");
  const settings = "/api/crm/team/ops/plan/settings";
  const callingHours = { hours: { from: "00:00", until: "23:59" }, fridayPause: null, ramadan: null };
  await manager.put(settings, { ...(await manager.get(settings)), callingHours });
}

/** The way to a server, to be cut like a cable and mended again. */
export async function cable(server) {
  const ends = new Set();
  let whole = true;
  const listener = net.createServer((near) => {
    if (!whole) return near.destroy();
    const far = net.connect(server.port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      ends.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => ends.delete(from));
      from.pipe(to);
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    url: `http://127.0.0.1:${listener.address().port}`,
    cut() {
      whole = false;
      for (const end of ends) end.destroy();
    },
    mend() {
      whole = true;
    },
    close() {
      this.cut();
      listener.close();
    },
  };
}

/** A small API client, for what a test arranges or checks behind the screen. */
export async function apiAs(url, login) {
  const call = async (method, where, body, token) => {
    const response = await fetch(url + where, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const answer = text ? JSON.parse(text) : null;
    if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${text}`);
    return answer;
  };
  const session = await call("POST", "/api/auth/login", { login, password: PASSWORD });
  return {
    user: session.user,
    token: session.accessToken,
    get: (where) => call("GET", where, undefined, session.accessToken),
    post: (where, body) => call("POST", where, body ?? {}, session.accessToken),
    put: (where, body) => call("PUT", where, body, session.accessToken),
    patch: (where, body) => call("PATCH", where, body, session.accessToken),
  };
}
