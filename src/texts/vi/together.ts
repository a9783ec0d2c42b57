import type { together as en } from '../en/together.ts';
import type { Like } from '../like.ts';

export const together: Like<typeof en> = {
  title: 'Phát cùng lúc',
  cameras: 'Camera',
  choose: 'Chọn các camera để phát clip cùng lúc',
  nothing: 'Không có bản ghi',
  failed: 'Bản ghi này thất bại',
  unfinished: 'Bản ghi này chưa hoàn tất',
  unloadable: 'Không tải được clip',
  clip: 'Clip của {camera}',
  recording: 'Bản ghi của {camera}',
  play: 'Phát',
  pause: 'Tạm dừng',
  back: 'Lùi 10 giây',
  on: 'Tới 10 giây',
  speed: 'Tốc độ',
};
