/**
 * HTML that comes with a notebook or from a kernel, put into the page: its looks, and nothing that acts. The page's
 * Content-Security-Policy keeps scripts in it from running; here goes what would lead the page elsewhere.
 */

const acting = "script:not([type='application/json']), meta, base, link, iframe, frame, object, embed, portal";

export function setForeignHtml(element: HTMLElement, html: string): void {
  // What is in a template is parsed and nothing more: no picture is fetched, no handler set.
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const each of template.content.querySelectorAll(acting)) each.remove();
  for (const each of template.content.querySelectorAll("*"))
    for (const name of each.getAttributeNames()) if (name.startsWith("on")) each.removeAttribute(name);
  element.replaceChildren(template.content);
}
