import type { parts as en } from '../en/parts.ts';
import type { Like } from '../like.ts';

export const parts: Like<typeof en> = {
  close: 'Đóng',
  dismiss: 'Bỏ qua',
  keep: 'Giữ lại',
  delete: 'Xóa',
  cancel: 'Hủy',
  copy: 'Sao chép',
  done: 'Xong',
  cannotCopy: 'Trình duyệt không cho phép; hãy chọn văn bản rồi sao chép.',
  today: 'Hôm nay · {day}',
  yesterday: 'Hôm qua · {day}',
  ms: '{value} ms',
  seconds: '{value} giây',
  minutes: '{value} phút',
  hours: '{value} giờ',
  playbacks: '{count, plural, other {# bản ghi}}',
};
