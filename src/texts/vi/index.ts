import type { en } from '../en/index.ts';
import type { Like } from '../like.ts';
import { alerts } from './alerts.ts';
import { cameras } from './cameras.ts';
import { keys } from './keys.ts';
import { names } from './names.ts';
import { nodes } from './nodes.ts';
import { now } from './now.ts';
import { parts } from './parts.ts';
import { playback } from './playback.ts';
import { playbacks } from './playbacks.ts';
import { setup } from './setup.ts';
import { share } from './share.ts';
import { shell } from './shell.ts';
import { together } from './together.ts';
import { wall } from './wall.ts';

/**
 * The Vietnamese texts. One word for one thing:
 *
 * | glossary | Vietnamese |
 * |---|---|
 * | camera; live; offline | camera; trực tiếp; mất kết nối |
 * | event; label; lease | sự kiện; nhãn; thời hạn |
 * | playback (the row) | bản ghi |
 * | to record; recording (now) | ghi hình; đang ghi |
 * | clip; footage | clip; hình đã ghi |
 * | pre-roll; post-roll | đoạn ghi trước sự kiện; đoạn ghi sau sự kiện |
 * | status; transition | trạng thái; diễn biến |
 * | PENDING, RECORDING, PROCESSING | đang chờ, đang ghi, đang xử lý |
 * | COMPLETED, FAILED | hoàn tất, thất bại |
 * | gap | đoạn mất hình |
 * | snapshot; poster | ảnh hiện tại; ảnh bìa |
 * | store; bucket | kho lưu trữ; bucket |
 * | retention; protection | thời gian lưu giữ; bảo vệ |
 * | reviewed | đã xem lại |
 * | alert; notice | cảnh báo; thông báo |
 * | link; share link | liên kết; liên kết chia sẻ |
 * | API key; role | khóa API; vai trò |
 * | key (of a keyboard) | phím |
 * | time zone | múi giờ |
 * | node, server; site | máy chủ; địa điểm |
 */
export const vi: Like<typeof en> = {
  alerts,
  cameras,
  keys,
  names,
  nodes,
  now,
  parts,
  playback,
  playbacks,
  setup,
  share,
  shell,
  together,
  wall,
};
