import { type ComponentType, createElement, lazy, type ReactNode, useState } from 'react';

export interface View<Props> {
  (props: Props): ReactNode;
  /** Loads the view's module, so that the view is shown at once. */
  preload(): Promise<unknown>;
}

/**
 * A view with a chunk of its own. With React's `lazy` alone, the page would stay empty for 300 ms, even if the module is
 * loaded already.
 * @param load resolves with the view's component
 */
export function view<Props extends object>(load: () => Promise<ComponentType<Props>>): View<Props> {
  let loaded: ComponentType<Props> | undefined;
  const preload = async () => {
    loaded ??= await load();
    return loaded;
  };
  const Lazy = lazy(async () => ({ default: await preload() }));
  const View = (props: Props) => {
    // The component is chosen once: another one would be mounted anew, and lose its state, when the module arrives.
    const [shown] = useState<ComponentType<Props>>(() => loaded ?? (Lazy as unknown as ComponentType<Props>));
    return createElement(shown, props);
  };
  return Object.assign(View, { preload });
}
