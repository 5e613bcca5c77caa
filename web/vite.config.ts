/** One page without any file beside it: script and style stand in the HTML. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    emptyOutDir: false,
    rolldownOptions: { input: fileURLToPath(new URL("page.html", import.meta.url)) },
    reportCompressedSize: false,
  },
  logLevel: "error",
});
