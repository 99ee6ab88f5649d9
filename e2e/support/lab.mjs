// A real telephone network: two Asterisks that `cargo xtask test` starts beside the tests.
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { open, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where it is; null where there is none. */
export const lab = process.env.TRUSTCART_LAB
  ? JSON.parse(readFileSync(process.env.TRUSTCART_LAB, "utf8"))
  : null;

/** Settings of a server that uses it. */
export const asterisk = {
  TELEPHONY_PROVIDER: "asterisk",
  ASTERISK_URL: lab?.url,
  ASTERISK_PASSWORD: lab?.password,
  ASTERISK_RING_SECONDS: "3",
};

/** Waits for something that no page shows. */
export async function until(what, check, patience = 20_000) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`still waiting: ${what}`);
    await pause(100);
  }
}

const cli = async (which, words) => (await run(lab[`${which}Cli`], [words])).stdout;

/** A customer rings the company's number for an extension and plays a tone. */
export const callIn = (caller, extension) =>
  cli("carrier", `channel originate Local/${caller}*${lab.didPrefix}${extension}@call-in application Milliwatt`);

/** Every customer hangs up. */
export const allHangUp = () => cli("carrier", "channel request hangup all");

/** Nothing of one test is left for the next. */
export async function hangUpAll() {
  await cli("carrier", "channel request hangup all");
  await cli("pbx", "channel request hangup all");
  await until("no channel is left", async () => (await channels()).length === 0);
}

/** Telephones in calls; recorders and the like do not count. */
export const channels = async () => {
  const text = await cli("pbx", "core show channels concise");
  return text.split("\n").filter((line) => line.startsWith("PJSIP/"));
};

/** What a customer, who is `number`, has keyed in by what the agent sent. */
export const keyed = (number) =>
  readFile(path.join(lab.carrierSpool, `dtmf-${number}`), "utf8").then(
    (text) => text.trim(),
    () => null,
  );

/** How loud it was at the customer's ear in the last `seconds`, 0…1. */
export async function heardBy(number, seconds) {
  const file = await open(path.join(lab.carrierSpool, "monitor", `heard-${number}.wav`));
  try {
    const { size } = await file.stat();
    const length = Math.min(size - 44, Math.round(seconds * 8000) * 2);
    const buffer = Buffer.alloc(length);
    await file.read(buffer, 0, length, size - length);
    return loudness(buffer);
  } finally {
    await file.close();
  }
}

/** Root mean square of 16-bit samples. */
export function loudness(samples) {
  const n = samples.length >> 1;
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += (samples.readInt16LE(2 * i) / 32768) ** 2;
  return Math.sqrt(sum / Math.max(n, 1));
}

/** Whether somebody listens on the PBX's control socket: its threads may outlive the process a moment. */
const listens = () =>
  new Promise((resolve) => {
    const socket = connect(path.join(path.dirname(lab.pbxPid), "run", "asterisk.ctl"));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

/** The PBX loses its power… */
export async function unplug() {
  process.kill(Number(await readFile(lab.pbxPid, "utf8")), "SIGKILL");
  await until("the PBX is gone", async () => !(await listens()));
}

/** …and has it again. */
export async function plugIn() {
  const child = spawn(lab.pbx, [], { detached: true, stdio: "ignore", env: { PATH: "/usr/bin:/bin" } });
  child.unref();
  await writeFile(lab.pbxPid, String(child.pid));
  await until("the PBX is up", () => {
    if (child.exitCode !== null) throw new Error(`the PBX ended with ${child.exitCode}`);
    return cli("pbx", "core waitfullybooted").then(
      () => true,
      () => false,
    );
  });
}

/** What comes out of a page's telephone: loudness 0…1, its strongest frequency, and how loud the fake microphones'
 * beeps (about 400 Hz) are in dB, at most, within `ms`. */
export const hears = (page, ms = 1500) =>
  page.evaluate(async (ms) => {
    const audio = document.querySelector("audio[data-phone]");
    if (!audio?.srcObject) return { loud: 0, hz: 0, beep: -200 };
    const context = new AudioContext();
    await context.resume();
    const analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    analyser.smoothingTimeConstant = 0;
    context.createMediaStreamSource(audio.srcObject).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const bands = new Float32Array(analyser.frequencyBinCount);
    const width = context.sampleRate / analyser.fftSize;
    let [loud, hz, beep] = [0, 0, -200];
    // An analyser hears only the last moment: it is asked whenever a short silence mixed in has ended.
    const moment = () =>
      new Promise((ended) => {
        const silence = context.createConstantSource();
        silence.offset.value = 0;
        silence.connect(analyser);
        silence.onended = ended;
        silence.start();
        silence.stop(context.currentTime + 0.05);
      });
    for (const end = context.currentTime + ms / 1000; context.currentTime < end; await moment()) {
      analyser.getFloatTimeDomainData(wave);
      analyser.getFloatFrequencyData(bands);
      const now = Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
      if (now > loud) {
        loud = now;
        let best = 0;
        for (let i = 1; i < bands.length; i += 1) if (bands[i] > bands[best]) best = i;
        hz = best * width;
      }
      for (let i = Math.round(370 / width); i <= Math.round(430 / width); i += 1) beep = Math.max(beep, bands[i]);
    }
    await context.close();
    return { loud, hz, beep };
  }, ms);

export const isTone = ({ loud, hz }) => loud > 0.01 && Math.abs(hz - 1004) < 20;
