/** The page to send someone to who has never heard of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../core/version.js";
import { dataUri, escapeHtml } from "../notebook/page/html.js";
import { readmeSection } from "./guides.js";
import { sitePage } from "./frame.js";
import type { LiveNet } from "./live-net.js";

/** The first two commands of the README. */
function commands(): string {
  const found = [...readmeSection("Start").matchAll(/^ {4}(npm ci && npm \w+)/gm)].map(([, command]) => command);
  if (found.length < 2) throw new Error(`site: README.md must start with two commands, got ${found.length}`);
  return found.slice(0, 2).join("\n");
}

export function landingPage({ files, classes, score }: LiveNet): string {
  const readme = readFileSync(join(packageFolder, "README.md"), "utf8");
  const [, alternative, path] = /!\[([^\]]*)\]\(([^)]*)\)/.exec(readme)!;
  const picture = dataUri("image/png", readFileSync(join(packageFolder, path)).toString("base64"));
  const listed = new Intl.ListFormat("en", { type: "disjunction" }).format(classes.map(escapeHtml));
  const main = `<h1>axial-lab</h1>
<p>A convolution sees a window. Axial attention lets every place of an image look along its whole column, and then along its whole
row: after two steps it has seen everything, at a cost that grows with the side and not with the area.</p>
<figure class="first"><img src="${picture}" alt="${alternative}"><figcaption>${alternative}</figcaption></figure>
<p>Here are the layers and models of the axial-attention papers in TypeScript, beside the convolutions that they replace, to be
trained for real on any laptop: in notebooks that explain each equation and then run it, on an engine of our own
WebAssembly kernels. Node and npm are all it needs.</p>
<pre class="commands"><code>${commands()}</code></pre>
<p>The first trains a small network in a notebook and writes a page with every figure; the second builds, checks and tests
all but the chapters.</p>
<h2>Try it on a photo</h2>
<p>A network with axial attention, on this page and on your processor: give it a photo, it tells the class, and what each place
of the photo looks at. Nothing leaves the page.</p>
<div id="live" class="live"><noscript>The network computes in your browser and needs scripts.</noscript></div>
<p class="aside">It knows ${classes.length} classes: ${listed}. ${escapeHtml(score)}</p>
<h2>Where to go</h2>
<ul>
<li><a href="book/index.html">The book</a>: executed notebooks with figures to move.</li>
<li><a href="results.html">Results</a>: accuracy and speed, each with the command that gives it.</li>
<li><a href="models.html">Layers and models</a>, each with its paper, its equation, its kernel and its test.</li>
<li><a href="api/index.html">The API</a>: every exported name.</li>
<li><a href="docs/index.html">Guides</a>: the engine explained, kernels compared, data, weights, export, many machines.</li>
</ul>`;
  return sitePage({
    path: "index.html",
    title: "axial-lab",
    main,
    files: [...files.keys()].map((name) => `net/${name}`),
  });
}
