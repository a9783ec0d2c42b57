/** Whether a path is that of a view of the dashboard. All views are one page. */
export const isView = (pathname: string): boolean =>
  /^\/(cameras|keys|nodes|now|playbacks|start|together)?(\/[\w-]+)?$/.test(pathname);
