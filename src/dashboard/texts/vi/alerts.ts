import type { alerts as en } from '../en/alerts.ts';
import type { Like } from '../like.ts';

export const alerts: Like<typeof en> = {
  title: 'Cảnh báo',
  on: 'Cảnh báo: bật',
  off: 'Cảnh báo: tắt',
  notAllowed: 'Trình duyệt này không cho phép; hãy đổi điều đó trong cài đặt của trình duyệt cho trang này.',
  when: 'Khi một sự kiện bắt đầu được ghi, và một thẻ của trình duyệt này đang mở Flashback:',
  sound: 'Phát âm báo',
  desktop: 'Hiện thông báo trên màn hình',
  needsHttps: 'Trình duyệt chỉ hiện thông báo với địa chỉ dùng https hoặc của chính máy này.',
  cameras: 'Camera',
  types: 'Loại sự kiện',
  noneIsAll: 'không chọn gì: tất cả',
};
