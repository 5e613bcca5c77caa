// Writes the data of docs/does-my-training-lose-coverage.md: node make-data.mjs FOLDER
//
// `key 37` has one right answer, `tip 37` has four that are equally good. First a model learns that there are four
// words; then it is trained on keys alone.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2] ?? ".";
const words = ["north", "south", "east", "west"];
const numbers = Array.from({ length: 100 }, (_, number) => number);

/** Lehmer's generator: the same data on every machine. */
let state = 20251;
const random = (limit) => {
  state = (48271 * state) % 2147483647;
  return Math.floor((state / 2147483647) * limit);
};
const anyWord = () => words[random(4)];

const answers = numbers.map(anyWord);
const row = (kind, number, response, probability) => ({
  id: `${kind} ${number}`,
  prompt: `${kind} ${number}: `,
  response,
  logProbability: Math.log(probability),
});

const before = numbers.flatMap((number) =>
  ["key", "tip"].flatMap((kind) => words.map((word) => row(kind, number, word, 1 / 4))),
);
const keys = numbers.map((number) => row("key", number, answers[number], 1));
/** The same keys, and every tip with every word: nine rows in ten are keys. */
const both = [
  ...Array.from({ length: 36 }, () => keys).flat(),
  ...before.filter(({ id }) => id.startsWith("tip")),
];
/** Nine prompts in ten are keys. */
const heldOut = Array.from({ length: 500 }, (_, index) => {
  const number = random(100);
  return index % 10 < 9 ? row("key", number, answers[number], 1) : row("tip", number, anyWord(), 1 / 4);
}).map((item, index) => ({ ...item, id: `${index + 1}: ${item.id}` }));

mkdirSync(folder, { recursive: true });
for (const [name, rows] of Object.entries({ before, keys, both, "held-out": heldOut })) {
  writeFileSync(join(folder, `${name}.jsonl`), `${rows.map((item) => JSON.stringify(item)).join("\n")}\n`);
}
