/**
 * A Content-Disposition that makes browsers save an object under this name (RFC 6266). Letters beyond ASCII travel in
 * `filename*`; characters other than letters, digits, points, hyphens and underscores become underscores.
 */
export function attachment(name: string): string {
  const safe = name.replace(/[^\p{L}\p{M}\p{N}._-]/gu, '_').slice(0, 250);
  const ascii = safe
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w.-]/g, '_');
  const plain = `attachment; filename="${ascii}"`;
  return ascii === safe ? plain : `${plain}; filename*=UTF-8''${encodeURIComponent(safe)}`;
}
