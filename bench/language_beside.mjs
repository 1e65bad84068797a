// How many milliseconds of processor time llama.cpp takes a token, on one thread, heard and spoken:
// what `bench/language_rates.py` runs beside our own rates.
//
// node bench/language_beside.mjs MODULES MODEL TEXT SECONDS
//
// MODULES is where `npm install` put node-llama-cpp. One line of JSON.
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";
import path from "node:path";

const [modules, model, text, seconds] = process.argv.slice(2);
const HEARD = 128, SAID = 64;
const at = path.resolve(modules, "node_modules/node-llama-cpp/dist/index.js");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(at));
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error});
const loaded = await llama.loadModel({modelPath: model});
const context = await loaded.createContext({contextSize: 512, batchSize: 128, threads: 1});
const sequence = context.getSequence();
const tokens = loaded.tokenize(readFileSync(text, "utf8"));

// Sums of tokens, of processor time of all threads and of the wall, over at least so long.
async function measured(work) {
    await work();
    const cpu = process.cpuUsage(), begin = performance.now();
    let n = 0;
    while (performance.now() - begin < seconds * 1000) n += await work();
    const used = process.cpuUsage(cpu);
    return {
        tokens: n,
        cpu_ms: (used.user + used.system) / 1000 / n,
        wall_ms: (performance.now() - begin) / n
    };
}

// Nothing of what was heard before may stand in for hearing it again.
async function hear(from, n) {
    await sequence.clearHistory();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(from, from + n));
    return n;
}

let from = 0;
const next = () => (from = (from + HEARD) % (tokens.length - 512));
const heard = await measured(() => hear(next(), 512));

// Only the tokens that it says: hearing is measured above and taken off.
async function speak() {
    const begin = process.cpuUsage(), wall = performance.now();
    await hear(next(), HEARD);
    const used = process.cpuUsage(begin);
    spoken.hearing.cpu += (used.user + used.system) / 1000;
    spoken.hearing.wall += performance.now() - wall;
    let n = 0;
    const options = {temperature: 0.7, topP: 0.95, topK: 0, yieldEogToken: true};
    for await (const _ of sequence.evaluate([tokens[from]], options)) if (++n === SAID) break;
    return n;
}
const spoken = {hearing: {cpu: 0, wall: 0}};
await speak();
spoken.hearing = {cpu: 0, wall: 0};
const cpu = process.cpuUsage(), begin = performance.now();
let n = 0;
while (performance.now() - begin < seconds * 1000) n += await speak();
const used = process.cpuUsage(cpu);
const said = {
    tokens: n,
    cpu_ms: ((used.user + used.system) / 1000 - spoken.hearing.cpu) / n,
    wall_ms: (performance.now() - begin - spoken.hearing.wall) / n
};
console.log(JSON.stringify({engine: "llama.cpp", release: llama.llamaCppRelease, heard, said}));
process.exit(0);
