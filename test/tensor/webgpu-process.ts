/** Starts test/tensor/webgpu.ts over chromium's software Vulkan driver. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = "/usr/lib/chromium";
const driver = join(folder, "vk_swiftshader_icd.json");
const loader = join(folder, "libvulkan.so.1");

/** Why WebGPU cannot be tried here, undefined if it can. */
export function missingDriver(): string | undefined {
  const missing = [driver, loader].find((path) => !existsSync(path));
  return missing === undefined ? undefined : `skipped, as ${missing} is not there`;
}

export function webgpuErrors(which: "step" | "all"): { name: string; errors: Record<string, number> } {
  const script = fileURLToPath(new URL("webgpu.ts", import.meta.url));
  const result = spawnSync(process.execPath, ["--import", "tsx", script, which], {
    encoding: "utf8",
    env: { ...process.env, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: folder },
  });
  if (result.status !== 0) throw new Error(`exit ${result.status}: ${result.stderr}`);
  return JSON.parse(result.stdout) as { name: string; errors: Record<string, number> };
}
