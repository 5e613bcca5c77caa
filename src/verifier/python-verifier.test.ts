/** Programs in the sandbox: what has to run runs, and each way out is closed. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { dataPresent, sharedData } from "../../test/shared-data.ts";
import { readPythonTests } from "./python-tests.ts";
import { pythonVerifier } from "./python-verifier.ts";
import { checkedLimits, missingIsolation } from "./sandbox/isolation.ts";
import { runPythonProgram } from "./sandbox/python-program.ts";
import { type PythonRuntime, pyodideRuntime, systemPython } from "./sandbox/python-runtime.ts";

const system = await systemPython();
const limits = checkedLimits({ seconds: 1 });
const token = "0123456789abcdef";
const run = (program: string, runtime: PythonRuntime, seconds = 1) =>
  runPythonProgram({ program, runtime, limits: { ...limits, seconds }, token });

async function isolates(runtime: PythonRuntime | undefined): Promise<string | undefined> {
  if (runtime === undefined) return "no Python 3.8 or later is installed";
  const missing = missingIsolation();
  if (missing !== undefined) return missing;
  try {
    await run("pass", runtime, 10);
    return undefined;
  } catch (error) {
    return `namespaces cannot be used here: ${(error as Error).message}`;
  }
}

const skipped = await isolates(system);
const title = (name: string) => (skipped === undefined ? name : `${name} (skipped: ${skipped})`);

describe.skipIf(skipped !== undefined)(title("the system's Python in its sandbox"), () => {
  const python = system as PythonRuntime;
  const reason = async (program: string) => {
    const result = await run(program, python);
    return result.status === "passed" ? "passed" : result.reason;
  };

  test("a program that runs to its end passes, one that raises fails with the exception", async () => {
    expect(await reason("assert 1 + 1 == 2")).toBe("passed");
    expect(await reason("assert 1 == 2, 'no'")).toBe("AssertionError: no");
    expect(await reason("def")).toMatch(/^SyntaxError/);
  });

  test("leaving early, by whatever door, is not passing", async () => {
    expect(await reason("import sys; sys.exit(0)")).toBe("SystemExit: 0");
    expect(await reason("import os; os._exit(0)")).toBe("exited early with code 0");
    expect(await reason("import os; os.abort()")).not.toBe("passed");
    expect(await reason("import ctypes; ctypes.string_at(0)")).not.toBe("passed");
    expect(await reason("raise KeyboardInterrupt")).toBe("KeyboardInterrupt");
  });

  test("printing the words of the harness does not pass", async () => {
    const forged =
      "import os\nfor fd in range(20):\n  try: os.write(fd, b'passed\\n')\n  except OSError: pass";
    expect(await reason(`${forged}\nassert False`)).toBe("AssertionError");
    expect(await reason("import os\nif os.fork() > 0:\n  os.waitpid(-1, 0)\n  assert False")).toBe(
      "AssertionError",
    );
  });

  test("an infinite loop is ended, also one that swallows every exception", async () => {
    expect(await reason("while True: pass")).toBe("timed out after 1 s");
    const stubborn = "while True:\n  try:\n    while True: pass\n  except BaseException: pass";
    expect(await reason(stubborn)).toBe("timed out after 1 s");
    expect(await reason("import time; time.sleep(100)")).toBe("timed out after 1 s");
  });

  test("a fork bomb and a heap of threads hit the limit on processes", async () => {
    expect(await reason("import os\nwhile True: os.fork()")).toMatch(/BlockingIOError|Resource temporarily/);
    const threads =
      "import threading, time\nfor i in range(300): threading.Thread(target=time.sleep, args=(5,)).start()";
    expect(await reason(threads)).toMatch(/can't start new thread/);
  });

  test("ten gigabytes at once or bit by bit hit the limit on memory, and files theirs", async () => {
    expect(await reason("x = bytearray(10**10)")).toBe("MemoryError");
    const slowly = "x = []\nwhile True: x.append(bytes(10**8))";
    expect(await reason(slowly)).toMatch(/MemoryError|timed out/);
    const file = "f = open('/tmp/x', 'wb')\nwhile True: f.write(b'0' * 10**6)";
    expect(await reason(file)).toMatch(/File too large|No space left/);
  });

  test("memory that belongs to no process is refused: memory files, also a child's, and shared segments", async () => {
    const child =
      "import os\npid = os.fork()\nif pid == 0:\n  try: os.memfd_create('m')\n  except PermissionError: os._exit(7)\n  os._exit(0)\nassert os.waitpid(pid, 0)[1] >> 8 == 7";
    expect(await reason("import os; os.memfd_create('m')")).toMatch(/^PermissionError/);
    expect(await reason(child)).toBe("passed");
    const segment =
      "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.shmget(0, ctypes.c_size_t(1 << 20), 0o1600) == -1";
    expect(await reason(segment)).toBe("passed");
  });

  test("links out of the sandbox lead nowhere", async () => {
    const links = `import os
for index, target in enumerate(["/etc/passwd", "/root", "/proc/1/root/home", "/.old", ${JSON.stringify(import.meta.dirname)}]):
  os.symlink(target, "/tmp/%d" % index)
  assert not os.path.exists("/tmp/%d" % index), target`;
    expect(await reason(links)).toBe("passed");
  });

  test("a flood on every descriptor is no pass, and is not kept", async () => {
    const flood = `import os
for descriptor in range(3, 10):
  try:
    while True: os.write(descriptor, b"y" * 65536)
  except OSError: pass`;
    expect(await run(flood, python)).not.toEqual({ status: "passed" });
  });

  test("files of the machine are not there, and what is there cannot be written", async () => {
    const secret = join(mkdtempSync(join(tmpdir(), "lmcov-")), "secret");
    writeFileSync(secret, "secret");
    for (const path of [secret, "/etc/passwd", "/root", "/home", process.cwd()]) {
      const text = JSON.stringify(path);
      expect(
        await reason(
          `import os\nopen(${text}).read() if not os.path.isdir(${text}) else os.listdir(${text})`,
        ),
      ).toMatch(/FileNotFoundError|PermissionError/);
    }
    expect(await reason("open('/usr/x', 'w')")).toMatch(/Read-only file system/);
    expect(await reason("open('/x', 'w')")).toMatch(/Read-only file system/);
    expect(await reason("open('/tmp/x', 'w').write('own')")).toBe("passed");
  });

  test("there is no network, not even to this machine", async () => {
    const server = createServer((_, response) => response.end("reached"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const program = `import urllib.request\nprint(urllib.request.urlopen("http://127.0.0.1:${port}", timeout=1).read())`;
    expect(await reason(program)).toMatch(/Network is unreachable|Connection refused/);
    server.close();
  });

  test("the environment is empty and other processes are out of sight", async () => {
    process.env.LMCOV_TEST_SECRET = "secret";
    const left = "set(os.environ) - {'PWD', 'OLDPWD', 'LC_CTYPE'}";
    expect(await reason(`import os\nassert not (${left}), ${left}`)).toBe("passed");
    expect(await reason("import os\nassert len([p for p in os.listdir('/proc') if p.isdigit()]) <= 2")).toBe(
      "passed",
    );
    delete process.env.LMCOV_TEST_SECRET;
  });

  test("it has no capability, and makes no namespace in which it would have one", async () => {
    const effective = "[l for l in open('/proc/self/status') if l.startswith('CapEff')][0]";
    expect(await reason(`assert int(${effective}.split()[1], 16) == 0`)).toBe("passed");
    const namespace =
      "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.unshare(0x10000000) == 0";
    expect(await reason(namespace)).toMatch(/AssertionError/);
  });

  test("a sample that patches what the next one uses does not reach it", async () => {
    const patch = "import builtins\nbuiltins.len = lambda x: 42\nopen('/tmp/trace', 'w').write('x')";
    expect(await reason(patch)).toBe("passed");
    expect(await reason("import os\nassert len([1]) == 1\nassert not os.path.exists('/tmp/trace')")).toBe(
      "passed",
    );
  });

  test("a response without tests is unscored, a correct one correct, in fences too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lmcov-"));
    const path = join(folder, "tests.jsonl.gz");
    const problem = {
      task_id: "T/1",
      prompt: "def one():\n",
      test: "def check(f):\n    assert f() == 1",
      entry_point: "one",
    };
    writeFileSync(path, gzipSync(`${JSON.stringify(problem)}\n`));
    const verifier = await pythonVerifier(path);
    const draw = { target: undefined, prompt: problem.prompt, task: "t", problem: "T/1" };
    expect(await verifier.verify({ ...draw, response: "    return 1" })).toEqual({ verdict: "correct" });
    expect(await verifier.verify({ ...draw, response: "    return 2" })).toEqual({
      verdict: "incorrect",
      reason: "AssertionError",
    });
    const fenced = "Here it is:\n```python\ndef one():\n    return 1\n```\nDone.";
    expect(await verifier.verify({ ...draw, response: fenced })).toEqual({ verdict: "correct" });
    const other = { ...draw, problem: "T/2", prompt: "other", response: "" };
    expect(await verifier.verify(other)).toMatchObject({ verdict: "unscored" });
  });

  test.skipIf(!dataPresent)(
    "every hundredth CodeGen sample has its recorded verdict",
    async () => {
      const lines = (name: string) =>
        readFileSync(sharedData(`humaneval-codegen/${name}`) ?? "", "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
      const path = sharedData("humaneval-codegen/HumanEval_for_code_generation.jsonl") ?? "";
      const names = new Map(
        lines("HumanEval_for_code_generation.jsonl").map((row) => [row.prompt.trim(), row.task_id]),
      );
      const labels = new Map(
        lines("codegen16B_humaneval_100samples_verified_here.jsonl").map((row) => [row.task_id, row.passed]),
      );
      const verifier = await pythonVerifier(path);
      const rows = lines("HumanEval_codegen16B_temp0.8_topp0.95_num100_max300_code_solution.jsonl");
      const differing: string[] = [];
      await Promise.all(
        rows.map(async (row, index) => {
          const draw = (37 * index) % 100;
          const { verdict } = await verifier.verify({
            response: row.samples[draw],
            prompt: row.prompt,
            target: undefined,
            task: "humaneval",
            problem: String(index),
          });
          const name = names.get(row.prompt.trim());
          if ((verdict === "correct") !== (labels.get(name)[draw] === 1)) differing.push(`${name} ${draw}`);
        }),
      );
      expect(rows).toHaveLength(164);
      expect(differing).toEqual([]);
    },
    120_000,
  );
});

describe.skipIf(skipped !== undefined)(title("pyodide in its sandbox"), () => {
  const reason = async (program: string) => {
    const result = await run(program, pyodideRuntime(), 5);
    return result.status === "passed" ? "passed" : result.reason;
  };

  test("programs pass and fail as in the system's Python", async () => {
    expect(await reason("import re\nassert re.match('a', 'a')")).toBe("passed");
    expect(await reason("assert 1 == 2, 'no'")).toBe("AssertionError: no");
  }, 60_000);

  test("Python that escapes into Node finds no environment, no files, no processes and no network", async () => {
    process.env.LMCOV_TEST_SECRET = "secret";
    const node = "import pyodide_js\nprocess = pyodide_js.constructor.constructor('return process')()\n";
    expect(await reason(`${node}assert process.version`)).toBe("passed");
    expect(await reason(`${node}assert not hasattr(process.env, "LMCOV_TEST_SECRET")`)).toBe("passed");
    const module = (name: string) => `process.getBuiltinModule('node:${name}')`;
    expect(await reason(`${node}${module("fs")}.readFileSync('/etc/passwd')`)).toMatch(
      /permission|ENOENT|restricted/,
    );
    expect(await reason(`${node}${module("fs")}.writeFileSync('/tmp/x', 'x')`)).toMatch(
      /permission|restricted/,
    );
    expect(await reason(`${node}${module("child_process")}.execSync('id')`)).toMatch(/permission|restricted/);
    const interfaces = `${module("os")}.networkInterfaces()`;
    expect(
      await reason(`${node}assert len([n for n in ${interfaces}.object_keys() if n != 'lo']) == 0`),
    ).toBe("passed");
    delete process.env.LMCOV_TEST_SECRET;
  }, 60_000);

  test("the globals are no way round: js and to_js end in the same walls", async () => {
    expect(await reason("import js\nassert not hasattr(js, 'process')")).toBe("passed");
    const constructed =
      "from pyodide.ffi import to_js\nprocess = to_js([]).constructor.constructor('return process')()\n";
    const read = "process.getBuiltinModule('node:fs').readFileSync('/etc/passwd')";
    expect(await reason(constructed + read)).toMatch(/permission|ENOENT|restricted/);
  }, 60_000);

  test("an infinite loop and a memory hog are ended", async () => {
    expect(await reason("while True: pass")).toBe("timed out after 5 s");
    expect(await reason("x = []\nwhile True: x.append(bytes(10**8))")).not.toBe("passed");
  }, 60_000);
});

test("where nothing can be isolated, a verifier is refused unless that is allowed", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "lmcov-")), "tests.jsonl");
  writeFileSync(path, `${JSON.stringify({ task_id: "1", test: "pass" })}\n`);
  const platform = Object.getOwnPropertyDescriptor(process, "platform");
  Object.defineProperty(process, "platform", { value: "win32" });
  try {
    await expect(pythonVerifier(path)).rejects.toThrow(/cannot be isolated here: win32.*--allow-unsandboxed/);
    if (system === undefined) return;
    const verifier = await pythonVerifier(path, { allowUnsandboxed: true });
    const draw = { response: "assert True", target: undefined, prompt: "", task: "t", problem: "1" };
    expect(await verifier.verify(draw)).toEqual({ verdict: "correct" });
  } finally {
    if (platform !== undefined) Object.defineProperty(process, "platform", platform);
  }
});

test("a tests file is refused with file and line", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "lmcov-")), "tests.jsonl");
  writeFileSync(path, '{"task_id": "1", "test": "pass"}\n{"task_id": "2"}\n');
  await expect(readPythonTests(path)).rejects.toThrow(/tests\.jsonl:2: test/);
  writeFileSync(path, '{"task_id": "1", "test": "pass", "entry_point": "f); evil("}\n');
  await expect(readPythonTests(path)).rejects.toThrow(/tests\.jsonl:1: entry_point/);
  await expect(readPythonTests(`${path}.none`)).rejects.toThrow(/ENOENT/);
});
