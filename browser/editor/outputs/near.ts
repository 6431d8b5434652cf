/** Work on elements that can wait until they come near to what is in sight. */

const waiting = new WeakMap<Element, () => void>();

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      waiting.get(target)?.();
    }
  },
  // Half a screen ahead.
  { rootMargin: "50% 0px" },
);

/** Calls once, when the element is near; the function returned ends that. */
export function whenNear(element: Element, work: () => void): () => void {
  waiting.set(element, work);
  observer.observe(element);
  return () => observer.unobserve(element);
}
