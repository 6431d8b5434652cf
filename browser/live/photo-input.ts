/** Where a photo comes in: dropped anywhere on the page, chosen, or pasted. */
import { element } from "./elements.js";

export class PhotoInput {
  readonly root: HTMLElement;

  constructor(private readonly take: (photo: Blob) => void) {
    const input = element("input", { type: "file", accept: "image/*" });
    input.addEventListener("change", () => this.takeFirst(input.files));
    const words = element("span", { textContent: "Drop a photo here, or choose one" });
    this.root = element("label", { className: "drop" }, [words, input]);
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.root.classList.add("over");
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) this.root.classList.remove("over");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.root.classList.remove("over");
      this.takeFirst(event.dataTransfer?.files ?? null);
    });
    document.addEventListener("paste", (event) => this.takeFirst(event.clipboardData?.files ?? null));
  }

  private takeFirst(files: FileList | null): void {
    const photo = files?.[0];
    if (photo !== undefined) this.take(photo);
  }
}
