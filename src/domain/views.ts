/** Whether a path is that of a view of the dashboard. All views are one page. */
export const isView = (pathname: string): boolean =>
  /^\/(cameras|keys|now|playbacks|start)?(\/[\w-]+)?$/.test(pathname);
