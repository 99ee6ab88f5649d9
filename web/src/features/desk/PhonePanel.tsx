import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { directoryQuery } from '~/api/queries'
import { errorText, useFormat } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { useKey } from '~/lib/keys'
import { useNow } from '~/lib/now'
import { useStore } from '~/lib/store'
import { isOpen, type Phone, type PhoneState, type Switch } from '~/phone/phone'
import { Badge, Button, buttonClass, Checkbox, ConfirmDialog, Dot, toast } from '~/ui'
import { HangupIcon, PhoneIcon } from '~/ui/icons'
import { DialPad } from './DialPad'
import { Unfinished } from './Unfinished'
import { type DeskModel, powerDial, setPowerDial } from './useDesk'

const ByHand = lazy(async () => ({ default: (await import('./ByHand')).ByHand }))
const Transfer = lazy(async () => ({ default: (await import('./Transfer')).Transfer }))

/** How long a button that took another one's place is not pressed by mistake, milliseconds. */
const JUST = 700

const failed = (error: unknown) => toast(errorText(error), 'bad')

/** The telephone: whom, the call's own state and timer, and what can be done to it. */
export function PhonePanel({
  model,
  phone,
  state,
  onBreak,
}: {
  model: DeskModel
  phone: Phone
  state: PhoneState
  onBreak: boolean
}) {
  const { t } = useTranslation(['desk', 'common'])
  const format = useFormat()
  const { task } = model
  const open = isOpen(state.call)
  const live = open ? state.call : model.call
  const own = task ? format.phone(task.phone) : ''
  const [number, setNumber] = useState(own)
  const [pad, setPad] = useState(false)
  const [transfer, setTransfer] = useState(false)
  const [byHand, setByHand] = useState(false)
  const group = t('keys.phone')
  useEffect(() => setNumber(own), [own])
  const openedAt = useRef(0)
  useEffect(() => {
    if (open) openedAt.current = performance.now()
  }, [open])

  const dialled = open && state.call ? format.phone(state.call.customerPhone) : number
  const connected = state.sip !== 'connecting' && state.sip !== 'taken'
  const again = model.phase === 'wrap_up' && model.wrapUp?.callId != null
  const canCall = !!task && !open && !state.dialing && !onBreak && connected && !model.away
  const callKey = useKey(
    { id: 'desk.call', key: 'C', label: t('phone.call'), group, enabled: !!task && !open },
    () => model.dial(number),
  )
  const hangup = () => model.hangup()
  const hangupKey = useKey(
    { id: 'desk.hangup', key: 'H', label: t('phone.hangup'), group, enabled: open },
    hangup,
  )
  const padKey = useKey({ id: 'desk.pad', key: 'D', label: t('phone.pad'), group }, () =>
    setPad((shown) => !shown),
  )
  const transferable =
    state.call?.status === 'answered' && state.call.capabilities.transfer && !state.call.consult
  const transferKey = useKey(
    { id: 'desk.transfer', key: 'T', label: t('phone.transfer'), group, enabled: transferable },
    () => setTransfer(true),
  )

  return (
    <section
      aria-label={t('keys.phone')}
      className="flex min-h-0 flex-col gap-2 overflow-y-auto rounded-lg border border-line bg-surface px-4 py-3"
    >
      <div>
        <input
          aria-label={t('phone.number')}
          inputMode="tel"
          value={dialled}
          disabled={open}
          onChange={(event) => setNumber(event.target.value)}
          className="w-full rounded-md border border-transparent bg-transparent px-1 text-center text-2xl font-semibold tracking-wide hover:border-line focus:border-control disabled:text-ink"
        />
        {!open && number !== own && (
          <p className="flex items-center justify-center gap-2 text-xs text-wait">
            {t('phone.edited')}
            <Button size="sm" variant="ghost" onClick={() => setNumber(own)}>
              {t('phone.restore')}
            </Button>
          </p>
        )}
      </div>
      <CallState model={model} state={state} onBreak={onBreak} />
      <Inbound state={state} onTask={model.select} />
      <Unfinished model={model} />
      <Consult phone={phone} state={state} />
      {open ? (
        <Button
          variant="danger"
          size="lg"
          k={hangupKey}
          busy={state.hangingUp}
          disabled={!state.call?.capabilities.hangup}
          icon={<HangupIcon />}
          onClick={() => {
            // "Call" was there a moment ago: a double click on it does not hang up.
            if (performance.now() - openedAt.current > JUST) hangup()
          }}
        >
          {t(state.hangingUp ? 'phone.hangingUp' : 'phone.hangup')}
        </Button>
      ) : (
        <Button
          variant={model.phase === 'wrap_up' ? 'plain' : 'primary'}
          size="lg"
          k={callKey}
          busy={state.dialing}
          disabled={!canCall}
          title={connected ? (model.away ?? undefined) : t(`phone.sip.${state.sip}`)}
          icon={<PhoneIcon />}
          onClick={() => model.dial(number)}
        >
          {t(state.dialing ? 'phone.calling' : again ? 'phone.again' : 'phone.call')}
        </Button>
      )}
      {model.away && !open && <p className="text-center text-xs text-wait">{model.away}</p>}
      <div className="grid grid-cols-2 gap-1.5">
        <SwitchButton what="muted" id="mute" k="M" phone={phone} state={state} />
        <SwitchButton what="held" id="hold" k="O" phone={phone} state={state} />
        <SwitchButton what="recording" id="record" k="R" phone={phone} state={state} />
        <Button
          k={transferKey}
          disabled={!transferable}
          title={open && !state.call?.capabilities.transfer ? t('phone.cannot') : undefined}
          onClick={() => setTransfer(true)}
        >
          {t('phone.transfer')}
        </Button>
      </div>
      <Button
        size="sm"
        variant="ghost"
        k={padKey}
        pressed={pad}
        aria-expanded={pad}
        onClick={() => setPad((shown) => !shown)}
      >
        {t('phone.pad')}
      </Button>
      {pad && (
        <DialPad
          inCall={state.call?.status === 'answered'}
          onDigit={(digit) => {
            if (open) phone.dtmf(digit).catch(failed)
            else setNumber((n) => n + format.digits(digit))
          }}
        />
      )}
      {task && !open && task.status !== 'completed' && task.status !== 'cancelled' && (
        <Button size="sm" variant="ghost" onClick={() => setByHand(true)}>
          {t('byHand.open')}
        </Button>
      )}
      <div className="flex-1" />
      <PowerDial />
      {live?.mode === 'mock' && (
        <p className="text-center text-2xs text-muted" title={t('phone.simulatedHint')}>
          {t('phone.simulated')} · {t('phone.simulatedHint')}
        </p>
      )}
      <ConfirmDialog
        open={model.outsideHours !== null}
        onOpenChange={(open) => !open && model.dialOutsideHours(false)}
        title={t('phone.outsideHours')}
        description={t('phone.outsideHoursLead', {
          at: model.outsideHours?.from ? format.dateTime(model.outsideHours.from) : '',
        })}
        confirm={t('phone.callAnyway')}
        onConfirm={() => model.dialOutsideHours(true)}
      />
      {byHand && task && (
        <Suspense fallback={null}>
          <ByHand taskId={task.id} number={number} onClose={() => setByHand(false)} />
        </Suspense>
      )}
      {transfer && (
        <Suspense fallback={null}>
          <Transfer
            open
            onOpenChange={setTransfer}
            phone={phone}
            canConsult={!!state.call?.capabilities.consult}
          />
        </Suspense>
      )}
    </section>
  )
}

/** A call that came in without a task: whose it is, and a task for its outcome. */
function Inbound({ state, onTask }: { state: PhoneState; onTask: (taskId: number) => void }) {
  const { t } = useTranslation('desk')
  const queries = useQueryClient()
  const { call } = state
  const record = useMutation({
    mutationFn: (customerId: number) =>
      api.post('/api/crm/automation/tasks', { customerId, kind: 'follow_up' }),
    onSuccess: async (task) => {
      if (task.joined) toast(t('incoming.joined', { name: task.agentName ?? '' }), 'ok')
      await changed.today(queries)
      onTask(task.id)
    },
  })
  const id = call?.customerId
  if (call?.direction !== 'inbound' || call.taskId) return null
  return (
    <div className="flex flex-col items-center gap-1 rounded-md bg-sunken px-3 py-2 text-sm">
      <p>
        {t('customer.inbound')}: <b>{call.customerName ?? t('incoming.unknown')}</b>
      </p>
      {id != null && (
        <div className="flex gap-2">
          <Link
            to="/customers/$id"
            params={{ id: String(id) }}
            className={buttonClass('plain', 'sm')}
          >
            {t('incoming.open')}
          </Link>
          <Button size="sm" busy={record.isPending} onClick={() => record.mutate(id)}>
            {t('incoming.record')}
          </Button>
        </div>
      )}
    </div>
  )
}

/** A colleague who is asked to take the customer over, while the customer hears music. */
function Consult({ phone, state }: { phone: Phone; state: PhoneState }) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const staff = useQuery({ ...directoryQuery(), enabled: !!state.call?.consult })
  const complete = useMutation({ mutationFn: () => phone.completeTransfer(), onError: failed })
  const cancel = useMutation({ mutationFn: () => phone.cancelTransfer(), onError: failed })
  const { call } = state
  if (!isOpen(call) || !call.consult) return null
  const colleague = staff.data?.items.find((person) => person.extension === call.consult)
  const name = colleague?.name ?? format.digits(call.consult)
  return (
    <div
      role="status"
      className="flex flex-col items-center gap-1.5 rounded-md bg-sunken px-3 py-2 text-sm"
    >
      <p className="text-center">
        {t(call.consultAnswered ? 'phone.consulting' : 'phone.consultRings', { name })}
      </p>
      <div className="flex flex-col gap-1.5">
        {call.consultAnswered && (
          <Button
            size="sm"
            variant="primary"
            busy={complete.isPending}
            onClick={() => complete.mutate()}
          >
            {t('phone.completeTransfer')}
          </Button>
        )}
        <Button size="sm" busy={cancel.isPending} onClick={() => cancel.mutate()}>
          {t('phone.cancelTransfer')}
        </Button>
      </div>
    </div>
  )
}

function CallState({
  model,
  state,
  onBreak,
}: {
  model: DeskModel
  state: PhoneState
  onBreak: boolean
}) {
  const { t } = useTranslation(['desk', 'common'])
  const format = useFormat()
  const open = isOpen(state.call)
  const call = open ? state.call : model.call
  const counting = model.countdown !== null
  const now = useNow(counting ? 200 : 1000, open || counting || model.phase === 'wrap_up')

  const since = (at: string | null | undefined) =>
    at ? format.clock((now - Date.parse(at)) / 1000) : ''
  let content = <span className="text-muted">{t('phone.ready')}</span>
  if (onBreak && !open) content = <span className="text-wait">{t('phone.onBreak')}</span>
  else if (state.dialing) content = <span>{t('phone.calling')}</span>
  else if (open && call) {
    const talking = call.status === 'answered'
    content = (
      <>
        <Dot tone={talking ? 'ok' : 'wait'} />
        <span className={cx('text-xl font-semibold', talking && 'text-ok')}>
          {since(talking ? call.answeredAt : call.startedAt)}
        </span>
        <span className={talking ? 'text-ok' : 'text-wait'}>
          {t(`common:callStatus.${call.status}`)}
        </span>
      </>
    )
  } else if (model.countdown) {
    const left = Math.max(0, Math.ceil((model.countdown.until - now) / 1000))
    content = (
      <>
        <span className="font-medium">
          {t('phone.countdown', { seconds: format.digits(left) })}
        </span>
        <Button size="sm" k="Space" onClick={model.hold}>
          {t('phone.hold5')}
        </Button>
      </>
    )
  } else if (model.phase === 'wrap_up') {
    content = (
      <>
        <Dot tone="wait" />
        <span className="font-semibold text-wait">{since(model.wrapUp?.since)}</span>
        <span className="text-wait">{t('phone.wrapUp')}</span>
      </>
    )
  }
  return (
    <div role="status" className="flex min-h-14 flex-col items-center justify-center text-sm">
      <p className="flex min-h-8 items-center gap-2">{content}</p>
      {!open && model.call && (
        <p className="text-xs text-muted">
          {t('phone.lastCall', { status: t(`common:callStatus.${model.call.status}`) })}
          {model.call.durationSeconds
            ? ` · ${t('phone.talked', { time: format.duration(model.call.durationSeconds) })}`
            : ''}
        </p>
      )}
      {open && (
        <p className="flex gap-1">
          {call?.muted && <Badge tone="wait">{t('phone.mute')}</Badge>}
          {call?.held && <Badge tone="wait">{t('phone.hold')}</Badge>}
          {call?.recording && <Badge tone="bad">● {t('phone.record')}</Badge>}
        </p>
      )}
    </div>
  )
}

const WORDS = {
  muted: ['muting', 'unmuting', 'mute'],
  held: ['holding', 'resuming', 'hold'],
  recording: ['recordStarting', 'recordStopping', 'record'],
} as const

/** Pressed is what is; the word says what is on its way. */
function SwitchButton({
  what,
  id,
  k,
  phone,
  state,
}: {
  what: Switch
  id: 'mute' | 'hold' | 'record'
  k: string
  phone: Phone
  state: PhoneState
}) {
  const { t } = useTranslation('desk')
  const { call } = state
  const able = call?.status === 'answered' && call.capabilities[id]
  const actual = isOpen(call) ? call[what] : false
  const wanted = state.wanted[what]
  const [turningOn, turningOff, name] = WORDS[what]
  const toggle = () => phone.set(what, !(wanted ?? actual)).catch(failed)
  const key = useKey(
    {
      id: `desk.${id}`,
      key: k,
      label: t(`phone.${name}`),
      group: t('keys.phone'),
      enabled: !!able,
    },
    () => void toggle(),
  )
  const underway = wanted !== undefined && wanted !== actual
  return (
    <Button
      k={key}
      pressed={actual}
      disabled={!able}
      title={isOpen(call) && !call.capabilities[id] ? t('phone.cannot') : undefined}
      onClick={() => void toggle()}
      className={underway ? 'border-dashed' : undefined}
    >
      {t(`phone.${underway ? (wanted ? turningOn : turningOff) : name}`)}
    </Button>
  )
}

function PowerDial() {
  const { t } = useTranslation('desk')
  const on = useStore(powerDial)
  const k = useKey(
    { id: 'desk.power', key: 'P', label: t('phone.powerDial'), group: t('keys.phone') },
    () => setPowerDial(!on),
  )
  return (
    <Checkbox
      className="justify-center"
      title={t('phone.powerDialHint')}
      aria-keyshortcuts={k}
      checked={on}
      onChange={(event) => setPowerDial(event.target.checked)}
      // Ticked with the mouse, it gives the keys back to the desk: Space holds the countdown.
      onClick={(event) => event.detail > 0 && event.currentTarget.blur()}
      label={
        <span title={t('phone.powerDialHint')}>
          {t('phone.powerDial')} <span className="text-xs text-muted">({k})</span>
        </span>
      }
    />
  )
}
