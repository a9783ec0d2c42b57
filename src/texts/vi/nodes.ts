import type { nodes as en } from '../en/nodes.ts';
import type { Like } from '../like.ts';

export const nodes: Like<typeof en> = {
  forAdmins: 'Chỉ quản trị viên mới xem được các máy chủ.',
  state: { LIVE: 'Đang chạy', DRAINING: 'Đang bàn giao công việc', ENDED: 'Đã dừng', LOST: 'Mất liên lạc' },
  load: '{cameras, plural, other {# camera}} · {recordings, number} trên {capacity, number} bản ghi cùng lúc',
  site: 'Địa điểm {site}',
  version: 'phiên bản {version}',
  heartbeat: 'tín hiệu cuối: {time}',
  problem: 'Máy chủ này không nhận ghi hình: <why></why>.',
};
