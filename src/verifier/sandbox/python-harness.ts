/**
 * Memory files take memory that no limit on a process counts. A filter on system calls refuses them (memfd_create,
 * memfd_secret) to the program and its children; where the kernel or this Python has no filters, nothing is refused.
 */
const withoutMemoryFiles = `
def refuse_memory_files():
    import ctypes, struct
    arch, create = {"x86_64": (0xC000003E, 319), "aarch64": (0xC00000B7, 279)}[os.uname().machine]
    steps = [
        (0x20, 0, 0, 4),
        (0x15, 0, 5, arch),
        (0x20, 0, 0, 0),
        (0x35, 3, 0, 0x40000000),
        (0x15, 2, 0, create),
        (0x15, 1, 0, 447),
        (0x06, 0, 0, 0x7FFF0000),
        (0x06, 0, 0, 0x00050001),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    loaded = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(code)))
    ctypes.CDLL(None).prctl(22, 2, loaded, 0, 0)
try:
    refuse_memory_files()
except Exception:
    pass
`.trim();

/**
 * The Python side: reads the program, silences it, runs it as `__main__` and reports on a descriptor of its own.
 * An alarm ends pure Python loops with a verdict; the outer process kills what the alarm does not reach.
 */
export const pythonHarness = `
import json, os, signal, sys
request = json.loads(sys.stdin.buffer.read())
out = os.dup(1)
null = os.open(os.devnull, os.O_RDWR)
for descriptor in (0, 1, 2):
    os.dup2(null, descriptor)
os.close(null)
token = request["token"]
own = os.getpid()
program = request["program"]
def report(word, detail=""):
    if os.getpid() != own:
        os._exit(0)
    os.write(out, (word + " " + token + detail + "\\n").encode("utf-8", "replace"))
class TimedOut(BaseException):
    pass
def alarm(*_):
    raise TimedOut()
${withoutMemoryFiles}
report("started")
try:
    code = compile(program, "<program>", "exec")
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, alarm)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])
    exec(code, {"__name__": "__main__"})
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    report("passed")
except TimedOut:
    report("timed out")
except BaseException as error:
    try:
        text = (type(error).__name__ + ": " + str(error)[:200]).rstrip(": ")
    except BaseException:
        text = type(error).__name__
    report("failed", " " + json.dumps(text))
os._exit(0)
`.trim();

/**
 * The same for pyodide, in a Node process that may read its own folder and nothing else. Python reaches Node through
 * pyodide whatever its globals are; what it may do there is the isolation's business, not this script's.
 */
export const pyodideHarness = `
import { constants, readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
const folder = process.argv[1];
const { program, token } = JSON.parse(readFileSync(0, "utf8"));
const report = (word, detail = "") => writeSync(1, word + " " + token + detail + "\\n");
// Refused under the permission model; pyodide wants the constants only.
process.binding = () => ({ fs: constants });
const { loadPyodide } = await import(pathToFileURL(folder + "/pyodide.mjs").href);
const python = await loadPyodide({ indexURL: folder + "/", stdout() {}, stderr() {}, jsglobals: {} });
const globals = python.toPy({ __name__: "__main__" });
report("started");
try {
  python.runPython(program, { globals, filename: "<program>" });
  report("passed");
} catch (error) {
  const last = String(error?.message ?? error).trim().split("\\n").at(-1) ?? "failed";
  report("failed", " " + JSON.stringify(last.slice(0, 200)));
}
process.exit(0);
`.trim();
