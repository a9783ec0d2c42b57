import { type RefObject, useEffect, useRef } from 'react';
import { moved, type Window, zoomed } from './timeline-view.ts';

/** How far the pointer may move before a click becomes a drag, in CSS pixels. */
const dragFromPx = 5;
/** How much a notch of the wheel (100 px) changes what is shown. */
const zoomPerPx = 1.0025;
export const zoomStep = 1.6;

interface Options {
  /** The scale and the rows: their width is the window's. */
  readonly area: RefObject<HTMLElement | null>;
  readonly window: Window;
  readonly onView: (window: Window) => void;
  /** Called with the moment that was clicked; left out: a click on a clip opens it. Epoch ms. */
  readonly onPick?: ((moment: number) => void) | undefined;
}

/**
 * Wheel and pinch zoom, Shift and sideways wheel and drag move. The listeners are the browser's, because React's for the
 * wheel cannot keep the page from scrolling.
 */
export function useGestures({ area, window, onView, onPick }: Options): void {
  const now = useRef({ window, onView, onPick });
  now.current = { window, onView, onPick };
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    /** The pointers that are down, by id: their places across the area, from 0 to 1. */
    const down = new Map<number, number>();
    let dragged: { pressedAt: number; isDrag: boolean } | undefined;
    const lanes = () => element.querySelector('[data-scale]')!.getBoundingClientRect();
    const place = ({ clientX }: MouseEvent) => {
      const { left, width } = lanes();
      return (clientX - left) / Math.max(1, width);
    };
    const show = (next: Window) => {
      now.current.window = next;
      now.current.onView(next);
    };
    const momentAt = (part: number) => {
      const { from, to } = now.current.window;
      return from + part * (to - from);
    };
    const isOnLanes = (event: MouseEvent) => place(event) >= 0 && place(event) <= 1;

    const onWheel = (event: WheelEvent) => {
      if (!isOnLanes(event)) return;
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      const { from, to } = now.current.window;
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY))
        return show(moved(now.current.window, ((sideways * unit) / lanes().width) * (to - from)));
      // Trackpads report a pinch as a wheel with Ctrl, in small steps.
      const px = event.deltaY * unit * (event.ctrlKey ? 4 : 1);
      show(zoomed(now.current.window, zoomPerPx ** px, momentAt(place(event))));
    };

    const onPointerDown = (event: PointerEvent) => {
      if (event.button !== 0 || !isOnLanes(event)) return;
      down.set(event.pointerId, place(event));
      dragged =
        down.size === 1 ? { pressedAt: event.clientX, isDrag: false } : { pressedAt: 0, isDrag: true };
    };
    const onPointerMove = (event: PointerEvent) => {
      const before = down.get(event.pointerId);
      if (before === undefined || !dragged) return;
      if (!dragged.isDrag && Math.abs(event.clientX - dragged.pressedAt) < dragFromPx) return;
      if (!dragged.isDrag) element.setPointerCapture(event.pointerId);
      dragged.isDrag = true;
      const part = place(event);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      const { from, to } = now.current.window;
      if (other === undefined) show(moved(now.current.window, (before - part) * (to - from)));
      else {
        const [was, is] = [Math.max(0.02, Math.abs(before - other)), Math.max(0.02, Math.abs(part - other))];
        show(zoomed(now.current.window, was / is, momentAt(other)));
      }
      down.set(event.pointerId, part);
    };
    const onPointerUp = (event: PointerEvent) => void down.delete(event.pointerId);
    // The click at the end of a drag opens nothing.
    const onClick = (event: MouseEvent) => {
      const { onPick } = now.current;
      // A key on a clip makes a click, too, without a place.
      const isPressed = event.detail > 0;
      const isPick = onPick !== undefined && isPressed && isOnLanes(event);
      if ((dragged?.isDrag && isPressed) || isPick) {
        event.preventDefault();
        event.stopPropagation();
      }
      if (isPick && !dragged?.isDrag) onPick(momentAt(place(event)));
      dragged = undefined;
    };
    const onDragStart = (event: DragEvent) => event.preventDefault();

    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('pointerdown', onPointerDown);
    element.addEventListener('pointermove', onPointerMove);
    for (const end of ['pointerup', 'pointercancel'] as const) element.addEventListener(end, onPointerUp);
    element.addEventListener('click', onClick, { capture: true });
    element.addEventListener('dragstart', onDragStart);
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('pointerdown', onPointerDown);
      element.removeEventListener('pointermove', onPointerMove);
      for (const end of ['pointerup', 'pointercancel'] as const)
        element.removeEventListener(end, onPointerUp);
      element.removeEventListener('click', onClick, { capture: true });
      element.removeEventListener('dragstart', onDragStart);
    };
  }, [area]);
}
