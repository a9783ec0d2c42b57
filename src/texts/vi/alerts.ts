import type { alerts as en } from '../en/alerts.ts';
import type { Like } from '../like.ts';

export const alerts: Like<typeof en> = {
  title: 'Cảnh báo',
  on: 'Cảnh báo: bật',
  off: 'Cảnh báo: tắt',
  notAllowed: 'Trình duyệt này không cho phép; hãy đổi điều đó trong cài đặt của trình duyệt cho trang này.',
  when: 'Khi một sự kiện bắt đầu được ghi; âm báo và thông báo trên màn hình chỉ có khi một thẻ của trình duyệt này đang mở Flashback:',
  sound: 'Phát âm báo',
  desktop: 'Hiện thông báo trên màn hình',
  needsHttps: 'Trình duyệt chỉ hiện thông báo với địa chỉ dùng https hoặc của chính máy này.',
  cameras: 'Camera',
  types: 'Loại sự kiện',
  noneIsAll: 'không chọn gì: tất cả',
  push: 'Thông báo cho thiết bị này, cả khi không mở trang nào',
  pushNeeds: 'Trên iPhone hoặc iPad, trước hết hãy thêm trang này vào màn hình chính.',
  pushRefused: 'Không thể thông báo cho thiết bị này: {reason}',
};
