/**
 * Where untrusted programs run: own user, mount, process, network and interprocess namespaces, a root made of
 * read-only system folders and small temporary ones, no capabilities, limits on memory, processes, files and time.
 * Built from util-linux (`unshare`, `prlimit`, `setpriv`); Linux only.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What one program may use. */
export interface SandboxLimits {
  /** Wall time of one program, in seconds. */
  readonly seconds: number;
  /** Address space of each process, in bytes. */
  readonly memory: number;
  /** Processes and threads. */
  readonly processes: number;
  /** Largest file, and size of each temporary folder, in bytes. */
  readonly fileSize: number;
}

const defaultLimits: SandboxLimits = {
  seconds: 3,
  memory: 2 ** 30,
  processes: 16,
  fileSize: 2 ** 26,
};

/** Limits that cannot hold are refused. Throws RangeError naming the value. */
export function checkedLimits(limits: Partial<SandboxLimits> = {}): SandboxLimits {
  const all = { ...defaultLimits, ...limits };
  for (const [name, value] of Object.entries(all)) {
    if (!(Number.isFinite(value) && value > 0)) {
      throw new RangeError(`sandbox limit ${name} is ${value}: it has to be a positive number`);
    }
  }
  return all;
}

export interface IsolatedCommand {
  readonly file: string;
  readonly args: readonly string[];
}

export interface IsolationRequest {
  /** The program and its arguments, as seen inside. */
  readonly command: readonly string[];
  /** Folders beside the system's that the program reads, such as an interpreter's own. */
  readonly readOnly: readonly string[];
  readonly limits: SandboxLimits;
  /** `data` limits written memory only, for runtimes that reserve address space without using it. */
  readonly memoryLimit: "address space" | "data";
}

/** Processor time to start an interpreter. */
const startCpuSeconds = 5;

const systemFolders = ["/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix", "/gnu"];
const systemFiles = ["/etc/ld.so.cache", "/etc/alternatives"];
const devices = ["null", "zero", "urandom"];
const tools = ["unshare", "prlimit", "setpriv", "mount", "pivot_root", "umount"];
const toolFolders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

const toolPath = (name: string): string | undefined =>
  toolFolders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));

/** Why programs cannot be isolated here at all, or undefined; what the kernel allows shows when one runs. */
export function missingIsolation(): string | undefined {
  if (process.platform !== "linux") return `${process.platform} has no namespaces`;
  const missing = tools.filter((name) => toolPath(name) === undefined);
  return missing.length === 0 ? undefined : `${missing.join(", ")} of util-linux is not installed`;
}

/** The command that runs another one isolated. */
export function isolatedCommand(request: IsolationRequest): IsolatedCommand {
  const { limits } = request;
  const tool = (name: string) => toolPath(name) ?? name;
  // Root's own processes are not counted against a limit, so that root drops to nobody first.
  const asNobody = isRoot()
    ? [tool("setpriv"), "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs"]
    : [];
  const namespaces = ["--user", "--map-root-user", "--mount", "--net", "--pid", "--ipc", "--uts"];
  const words = [
    ...asNobody,
    ...[tool("unshare"), ...namespaces, "--fork", "--kill-child", "--"],
    ...["/bin/sh", "-c", rootScript(request, tool), "sandbox"],
    tool("prlimit"),
    request.memoryLimit === "data" ? `--data=${limits.memory}` : `--as=${limits.memory}`,
    `--nproc=${limits.processes + processesOfUser()}`,
    `--cpu=${Math.ceil(limits.seconds) + startCpuSeconds}`,
    `--fsize=${limits.fileSize}`,
    ...["--nofile=256", "--core=0", "--"],
    ...[tool("setpriv"), "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"],
    ...["--securebits=+noroot,+noroot_locked", "--"],
    ...request.command,
  ];
  return { file: words[0] ?? "", args: words.slice(1) };
}

const isRoot = () => process.getuid?.() === 0;

/** Older kernels count a user's processes outside the namespace too. */
function processesOfUser(): number {
  const user = isRoot() ? 65534 : process.getuid?.();
  let count = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) !== user) continue;
      count += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 1);
    } catch {}
  }
  return count;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Makes the new root, moves into it, and runs the words that follow. */
function rootScript(request: IsolationRequest, tool: (name: string) => string): string {
  // Mounted over a folder from which nothing is wanted inside.
  const root = "/sys";
  const mount = tool("mount");
  const size = `size=${request.limits.fileSize}`;
  const lines = [
    "set -e",
    `${mount} --make-rprivate /`,
    `${mount} -t tmpfs -o ${size},mode=755 sandbox ${root}`,
    `cd ${root}`,
    "mkdir dev proc tmp .old",
    `${mount} -t tmpfs -o ${size},mode=700,nosuid,nodev sandbox tmp`,
  ];
  for (const folder of systemFolders) {
    if (!existsSync(folder)) continue;
    if (lstatSync(folder).isSymbolicLink()) lines.push(`ln -s ${quoted(readlinkSync(folder))} .${folder}`);
    else lines.push(...readOnlyMount(mount, folder, true));
  }
  for (const folder of request.readOnly) {
    if (systemFolders.some((system) => folder === system || folder.startsWith(`${system}/`))) continue;
    lines.push(...readOnlyMount(mount, folder, true));
  }
  for (const path of systemFiles) {
    if (existsSync(path)) lines.push(...readOnlyMount(mount, path, lstatSync(path).isDirectory()));
  }
  for (const name of devices) {
    if (existsSync(`/dev/${name}`)) lines.push(`: > dev/${name}`, `${mount} --bind /dev/${name} dev/${name}`);
  }
  lines.push(
    `${mount} -t proc -o nosuid,nodev,noexec proc proc`,
    // No namespace inside the namespace: it would give capabilities back.
    "echo 0 > proc/sys/user/max_user_namespaces",
    // Shared memory counts to no process once it is detached; older kernels do not let it be switched off here.
    "{ echo 0 > proc/sys/kernel/shmmni; } 2>/dev/null || :",
    `${tool("pivot_root")} . .old`,
    `${tool("umount")} -l /.old`,
    "rmdir /.old",
    "cd /",
    `${mount} -o remount,bind,ro /`,
    "cd /tmp",
    'exec "$@"',
  );
  return lines.join("\n");
}

function readOnlyMount(mount: string, path: string, folder: boolean): string[] {
  const inside = quoted(`.${path}`);
  const make = folder
    ? `mkdir -p ${inside}`
    : `mkdir -p ${quoted(`.${path.slice(0, path.lastIndexOf("/"))}`)}; : > ${inside}`;
  return [
    make,
    `${mount} --rbind ${quoted(path)} ${inside}`,
    // A user namespace may not clear the flags that the outer mount has.
    `${mount} -o remount,bind,ro,nosuid ${inside} 2>/dev/null || ${mount} -o remount,bind,ro,nosuid,nodev ${inside}`,
  ];
}
