import type { wall as en } from '../en/wall.ts';
import type { Like } from '../like.ts';

export const wall: Like<typeof en> = {
  live: 'Trực tiếp',
  ago: '{seconds} giây trước',
  sees: 'Hình hiện tại từ {camera}',
  goBack: 'Xem lại tại {camera}',
  notPlayable: 'Không trực tiếp: trình duyệt này không phát được {codec}.',
  thisVideo: 'video này',
  full: 'Không trực tiếp: đang hiển thị {count, number} camera khác.',
  failed: 'Hiện không trực tiếp được. Đang thử lại…',
};
