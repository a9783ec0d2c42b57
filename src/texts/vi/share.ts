import type { share as en } from '../en/share.ts';
import type { Like } from '../like.ts';

export const share: Like<typeof en> = {
  until: 'Liên kết này dùng được đến {time}.',
  gone: 'Không có clip nào ở đây',
  whyGone: 'Liên kết đã hết hạn, đã bị thu hồi hoặc không đầy đủ.',
} as const;
