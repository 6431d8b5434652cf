/**
 * The live net of a page: a photo in, its class and what each place looks at out, on the reader's own processor. The page has an
 * element `#live` that this fills; the network is in `axialNet`, which another script sets.
 */
import { classify, loadNet, look, preparePhoto, start, type Net, type NetText } from "../../src/web/index.js";
import { element } from "./elements.js";
import { Looking } from "./looking.js";
import { PhotoInput } from "./photo-input.js";

/** What `net.js` sets. */
interface PackagedNet extends NetText {
  /** As it is called, such as `axial-resnet-26-s`. */
  readonly name: string;
}

const { axialNet } = globalThis as { axialNet?: PackagedNet };
const place = document.querySelector<HTMLElement>("#live")!;

/** Classes that are shown. */
const most = 5;
/** Of the photo on the page, in pixels: finer than what the network sees, of the same part. */
const shownSide = 384;

const status = element("p", { className: "status", role: "status" });
const classes = element("ol", { className: "classes" });
const looking = new Looking();
const result = element("div", { className: "result", hidden: true }, [looking.photo, classes]);
const input = new PhotoInput((photo) => void answer(photo));
place.replaceChildren(input.root, status, result, looking.root);

let net: Promise<Net> | undefined;
/** The latest photo: answers to those before it are not shown. */
let turn = 0;

async function load(): Promise<Net> {
  if (axialNet === undefined) throw new Error("this page has no network: net.js must stand beside it");
  const { reason } = await start();
  place.dataset.engine = reason;
  return loadNet(axialNet);
}

async function answer(photo: Blob): Promise<void> {
  const own = ++turn;
  status.textContent = "Looking\u2026";
  try {
    net ??= load();
    const loaded = await net;
    // The first photo of all would also pay for the compiler.
    if (own === 1) await classify(photo, loaded);
    const { ranked, milliseconds } = await classify(photo, loaded);
    const { pixels } = await preparePhoto(photo, shownSide, loaded.crop);
    if (own !== turn) return;
    place.dataset.milliseconds = milliseconds.toFixed(1);
    status.textContent = `${ranked[0].name}, by ${axialNet!.name} in ${milliseconds.toFixed(0)} ms; ${place.dataset.engine}.`;
    classes.replaceChildren(...ranked.slice(0, most).map(classItem));
    looking.showPhoto(pixels);
    result.hidden = false;
    const seen = await look(photo, loaded);
    if (own === turn) looking.show(seen);
  } catch (error) {
    if (own === turn) status.textContent = error instanceof Error ? error.message : String(error);
  }
}

function classItem({ name, probability }: { name: string; probability: number }): HTMLLIElement {
  const share = `${(100 * probability).toFixed(probability < 0.1 ? 1 : 0)} %`;
  const bar = element("span", { className: "bar" });
  bar.style.setProperty("--share", `${100 * probability}%`);
  return element("li", {}, [element("span", { textContent: name }), bar, element("span", { textContent: share })]);
}

net = load();
net.then(
  () => (status.textContent = `Ready: ${place.dataset.engine}.`),
  (error: unknown) => (status.textContent = error instanceof Error ? error.message : String(error)),
);
